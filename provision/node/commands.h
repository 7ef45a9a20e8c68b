/* node/commands.h - the commands of octavo-node, one file each. Each takes its own
 * arguments (argv[0] is the command's name) and returns the exit status. */
#ifndef OCTI_NODE_COMMANDS_H
#define OCTI_NODE_COMMANDS_H

int octi_serve_main(int argc, char **argv);
int octi_configure_main(int argc, char **argv);
int octi_health_main(int argc, char **argv);
int octi_task_main(int argc, char **argv);
int octi_end_main(int argc, char **argv);

#endif
