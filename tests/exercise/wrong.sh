# shellcheck shell=bash
# wrong.sh - deliberately wrong answers, made from a lesson's solution; sourced.
#
# shellcheck disable=SC2154 # the script that sources this sets root
# wrong LESSON KIND FILE writes the answer to FILE. What is wrong goes where the lesson's own work is
# done, or, in 08, whose frames need no task, into one that is mapped beside them. The anchors are lines
# of the solutions: one that is gone fails the test.

# insert FILE ANCHOR TEXT: after the first line that holds the anchor.
insert() {
    grep -qF -- "$2" "$1" || { echo "'$2' is not in $1 any more"; exit 1; }
    anchor=$2 text=$3 awk '{ print } !done && index($0, ENVIRON["anchor"]) { print ENVIRON["text"]; done = 1 }' "$1" >"$1.new"
    mv "$1.new" "$1"
}

# replace FILE ANCHOR TEXT: the first line that holds the anchor.
replace() {
    grep -qF -- "$2" "$1" || { echo "'$2' is not in $1 any more"; exit 1; }
    anchor=$2 text=$3 awk '!done && index($0, ENVIRON["anchor"]) { print ENVIRON["text"]; done = 1; next } { print }' "$1" >"$1.new"
    mv "$1.new" "$1"
}

in_task() {
    case $1 in
    01-map) insert "$2" 'conversion result = {0};' "$3" ;;
    02-futures) insert "$2" 'correlation result = {0};' "$3" ;;
    03-collections) insert "$2" 'pair result = {0};' "$3" ;;
    04-search) insert "$2" 'double accuracy = 0;' "$3" ;;
    05-cluster) insert "$2" 'month counted = {0};' "$3" ;;
    06-search-cluster) insert "$2" 'outcome out = {.node = oct_node()};' "$3" ;;
    07-taxi-futures) insert "$2" 'oct_ints passengers = {0};' "$3" ;;
    08-taxi-frame)
        insert "$2" '#include "trips.h"' "OCT_TASK(int, look, int, month) { $3 oct_sleep(0.002); return month; }" # as long as several workers need to get some
        in_main "$1" "$2" 'int months[64] = {0}, seen[64]; if (oct_map(pool, look, months, 64, seen) != OCT_OK) oct_die(NULL);'
        ;;
    11-false-sharing) insert "$2" 'throws mine = {{0}};' "$3" ;;
    12-lock-contention) insert "$2" 'days own = {{0}};' "$3" ;;
    13-unsafe-library) insert "$2" 'lengths own = {{0}};' "$3" ;;
    14-group-or-fold) insert "$2" 'weather_add(&so_far, r);' "$3" ;;
    15-part-size) insert "$2" 'longest best = {0};' "$3" ;;
    16-sort-or-top) insert "$2" 'run r = {.runner = runner' "$3" ;;
    17-memory-bandwidth) insert "$2" 'int32_t *block = malloc' "$3" ;;
    18-reduction-fan-in) insert "$2" 'oct_ints ways = {0};' "$3" ;;
    19-matrix-chunks) insert "$2" 'oct_doubles chunk = {malloc' "$3" ;;
    esac
}

in_main() { insert "$2" 'double start = now();' "$3"; }

wrong() {
    local lesson=$1 kind=$2 file=$3
    cp -f "$root/examples/$lesson/solution.c" "$file"
    chmod u+w "$file"
    insert "$file" '#include <stdio.h>' '#include <pthread.h>
#include <string.h>
#include <unistd.h>'
    case $kind in
    race) in_task "$lesson" "$file" 'static volatile long calls; calls++;' ;;
    deadlock) in_task "$lesson" "$file" 'static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; pthread_mutex_lock(&lock);' ;;
    eight) in_main "$lesson" "$file" 'if (oct_pool_workers(pool) > 4) printf("4 workers are enough\n");' ;;
    leak) in_task "$lesson" "$file" 'char *copy = strdup("a copy"); if (copy && copy[0] == 0) puts(copy);' ;;
    loop) in_main "$lesson" "$file" 'for (volatile int more = 1; more;) more = 1;' ;;
    crash) in_task "$lesson" "$file" 'static int *volatile nowhere; *nowhere = 1;' ;;
    fork) in_main "$lesson" "$file" 'for (;; usleep(20000)) if (fork() < 0) usleep(1000);' ;;
    output) in_main "$lesson" "$file" 'for (;;) puts("still converting");' ;;
    memory) in_main "$lesson" "$file" 'for (;;) { char *more = malloc(64 << 20); if (more) memset(more, 1, 64 << 20); }' ;;
    disk) in_main "$lesson" "$file" 'FILE *log = fopen("log", "w"); while (log && fputs("one more line of it\n", log) >= 0) ;' ;;
    compile) in_main "$lesson" "$file" 'oct_mapp(pool);' ;;
    one-node) cp -f "$root/examples/$lesson/one_node.c" "$file" ;;
    gives-up) in_main "$lesson" "$file" 'fprintf(stderr, "error: no idea\n"); return 4;' ;;
    shared) make_shared "$file" ;;
    means) replace "$file" 'a.sum += b.sum;' 'a.sum = (a.sum + b.sum) / 2;' ;; # and so a mean of means
    order) replace "$file" 'some[i] = ways[first + i];' 'some[i] = ways[first + FAN_IN - 1 - i];' ;; # the last neighbour first
    transposed) replace "$file" 'matrix_put(product, i * ROWS' 'matrix_put(product, j * COLUMNS, i * ROWS, chunk, COLUMNS);' ;;
    unsafe) sed -i 's/, \*rest;/;/; s/, &rest)/)/g; s/strtok_r/strtok/g' "$file" ;;
    slow) make_slow "$lesson" "$file" ;;
    global) make_global "$lesson" "$file" ;;
    *) echo "no wrong answer is called $kind"; exit 1 ;;
    esac
}

# Everything is done one at a time, where that alone is hardly slower than the loop twice: under one lock, or beside the
# loop by hand.
make_slow() {
    local lock='static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; pthread_mutex_lock(&lock);'
    case $1 in
    01-map)
        replace "$2" '(void)convert_file(' "$lock
    for (int i = 0; i < 2; i++)
        (void)convert_file(json_path, hdf5_dir, &result, oct_task_error());
    pthread_mutex_unlock(&lock);"
        ;;
    02-futures)
        replace "$2" '(void)series_correlate(' "$lock
    for (int i = 0; i < 2; i++)
        (void)series_correlate(a, b, &result, oct_task_error());
    pthread_mutex_unlock(&lock);"
        ;;
    03-collections)
        replace "$2" '(void)series_correlate(' "$lock
    for (int i = 0; i < 2; i++)
        (void)series_correlate(x, y, &result.c, oct_task_error());
    pthread_mutex_unlock(&lock);"
        ;;
    04-search)
        replace "$2" '(void)search_score(' "$lock
    for (int i = 0; i < 2; i++)
        (void)search_score(digits, t, &accuracy, oct_task_error());
    pthread_mutex_unlock(&lock);"
        ;;
    05-cluster)
        replace "$2" '(void)fares_count(' "$lock
    for (int i = 0; i < 2; i++)
        (void)fares_count(csv, usual.data, &counted, oct_task_error());
    pthread_mutex_unlock(&lock);"
        ;;
    06-search-cluster)
        replace "$2" '(void)search_score(' "$lock
    for (int i = 0; i < 2; i++)
        (void)search_score(digits, t, &out.accuracy, oct_task_error());
    pthread_mutex_unlock(&lock);"
        ;;
    07-taxi-futures)
        replace "$2" '(void)group_read(' "$lock
    for (int i = 0; i < 2; i++) {
        free(passengers.data);
        (void)group_read(group, &passengers, oct_task_error());
    }
    pthread_mutex_unlock(&lock);"
        ;;
    08-taxi-frame)
        in_main "$1" "$2" 'for (int i = 0; i < 2; i++) { trip t; trips *by_hand = trips_open(argc > 1 ? argv[1] : "data/taxi"); while (trips_next(by_hand, &t)) ; trips_close(by_hand); }'
        ;;
    11-false-sharing)
        in_task "$1" "$2" "$lock"
        replace "$2" 'return mine;' 'pthread_mutex_unlock(&lock); return mine;'
        ;;
    12-lock-contention) # for each person
        in_task "$1" "$2" 'static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;'
        replace "$2" 'own.of[birthday(town, person)]++;' '{ pthread_mutex_lock(&lock); own.of[birthday(town, person)]++; pthread_mutex_unlock(&lock); }'
        ;;
    13-unsafe-library)
        in_task "$1" "$2" "$lock"
        replace "$2" 'return own;' 'pthread_mutex_unlock(&lock); return own;'
        ;;
    14-group-or-fold)
        replace "$2" 'return reading_take(i);' "$lock reading r = reading_take(i); pthread_mutex_unlock(&lock); return r;"
        ;;
    15-part-size) replace "$2" 'enum { PART = 10000' 'enum { PART = END, PARTS = 1 };' ;;
    16-sort-or-top)
        replace "$2" 'run r = {.runner = runner' "$lock run r = {.runner = runner, .millis = run_millis(runner)};"
        replace "$2" 'return r;' 'r.millis = run_millis(runner); pthread_mutex_unlock(&lock); return r;'
        ;;
    17-memory-bandwidth) replace "$2" 'enum { BLOCK = 16384' 'enum { BLOCK = SAMPLES, BLOCKS = 1 };' ;;
    18-reduction-fan-in) # main puts the tables together
        replace "$2" 'while (count > 1)' 'while (count > COUNTRIES)'
        replace "$2" 'if (oct_result(ways[0], &whole) != OCT_OK)' '
    for (int i = 0; i < COUNTRIES; i++) {
        oct_ints next;
        if (oct_result(ways[i], &next) != OCT_OK || ways_append(&whole, next, oct_task_error()) != OCT_OK)
            oct_die(ways[i]);
        free(next.data);
    }
    if (!whole.data)'
        ;;
    19-matrix-chunks) replace "$2" 'enum { ROWS = 192' 'enum { ROWS = SIDE, COLUMNS = SIDE, DOWN = 1, ACROSS = 1 };' ;;
    esac
}

# All count in the table of main, each in a column of its own.
make_shared() {
    insert "$1" '} throws;' 'static throws table[PLAYERS];'
    replace "$1" 'mine.of[dice_throw(&d)]++;' 'table[player].of[dice_throw(&d)]++;'
    replace "$1" 'counts[face][player] = all[player].of[face];' 'counts[face][player] = table[player].of[face];'
}

# What main sets after the pool is open is not there in another process.
make_global() {
    insert "$2" '#include <oct/oct.h>' 'static volatile int ready;'
    in_task "$1" "$2" 'if (!ready) oct_fail(oct_task_error(), OCT_E_STATE, "not ready");'
    in_main "$1" "$2" 'ready = 1;'
}
