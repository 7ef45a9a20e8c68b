/* Tips by the number of passengers: frame data/taxi/'*.csv', or without arguments a small table. */
#include <oct/oct.h>
#include <stdlib.h>
#include <unistd.h>

static const char trips[] = "passenger_count,fare_amount,tip_amount\n"
                            "1,10.0,2.5\n2,20.0,2.0\n1,8.0,0.0\n2,5.0,1.0\n,12.0,3.0\n3,-4.0,0.0\n";

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    char path[] = "/tmp/trips.XXXXXX";
    int fd = argc > 1 ? -1 : mkstemp(path);
    if (fd >= 0 && write(fd, trips, sizeof(trips) - 1) < 0)
        return 1;
    oct_frame *all = oct_read_csv(pool, argc > 1 ? argv[1] : path);
    oct_frame *paid = oct_frame_where(all, "fare_amount > 0");
    oct_frame *tips = oct_frame_assign(paid, "tip_fraction", "tip_amount / fare_amount");
    oct_frame *mean = oct_frame_groupby(tips, "passenger_count", "count() as trips, mean(tip_fraction)");
    oct_err code = oct_frame_explain(mean, stderr);
    if (code != OCT_OK || (code = oct_frame_print(mean, stdout)) != OCT_OK)
        fprintf(stderr, "%s\n", oct_last_error()->what);
    oct_frame_destroy(mean);
    oct_frame_destroy(tips);
    oct_frame_destroy(paid);
    oct_frame_destroy(all);
    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    oct_pool_close(pool);
    return code != OCT_OK;
}
