/* node/slurm/orphans.h - jobs that nobody holds any more.
 *
 * An interactive job (salloc, srun) ends because its starter does. A controller that was killed, as one
 * that waits for a lost node must be, comes back with what it had saved some seconds before: a job that
 * ended meanwhile runs again in its books, keeps its processors, and nobody is left to end it. */
#ifndef OCTI_SLURM_ORPHANS_H
#define OCTI_SLURM_ORPHANS_H

/* Ends this user's interactive jobs that were started on this machine in a session of which no process is
 * left. How many there were; those of whom Slurm refuses the end stay. After slurm_init. */
unsigned octi_slurm_end_orphans(void);

#endif
