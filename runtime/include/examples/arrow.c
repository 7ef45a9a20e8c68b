/* A table handed over as other tools take it, and taken back as a frame. */
#include <oct/oct.h>
#include <stdlib.h>
#include <unistd.h>

static const char trips[] = "zone,fare\nSoho,10.5\nSoho,8\n,12\nHarlem,4\n";

int main(int argc, char **argv)
{
    oct_pool *pool = oct_pool_open(&argc, argv);
    char path[] = "/tmp/trips.XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, trips, sizeof(trips) - 1) < 0)
        return 1;
    oct_frame *all = oct_read_csv(pool, path);
    struct ArrowSchema schema;
    struct ArrowArray array;
    if (oct_frame_to_arrow(all, &schema, &array) != OCT_OK)
        oct_die(NULL);
    /* another library's import would stand here */
    const double *fares = array.children[1]->buffers[1];
    printf("%s of the first trip: %g\n", schema.children[1]->name, fares[0]);

    oct_frame *again = oct_frame_from_arrow(pool, &schema, &array);
    oct_frame *zones = oct_frame_value_counts(again, "zone");
    if (oct_frame_print(zones, stdout) != OCT_OK)
        oct_die(NULL);
    oct_frame_destroy(zones);
    oct_frame_destroy(again);
    oct_frame_destroy(all);
    close(fd);
    unlink(path);
    return oct_pool_close(pool);
}
