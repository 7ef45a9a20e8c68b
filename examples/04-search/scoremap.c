#include <errno.h>
#include <math.h>
#include <string.h>

#include "scoremap.h"
#include "search.h"

enum { COLUMNS = 10, ROWS = 10 }; /* half a power of ten each */

/* From 0 at the low end to 1 at the high end. */
static double place(double value, double low, double high)
{
    return log(value / low) / log(high / low);
}

static int cell(double value, double low, double high, int cells)
{
    int at = (int)(place(value, low, high) * cells);
    return at < 0 ? 0 : at >= cells ? cells - 1 : at;
}

void scoremap_print(const score *scores, size_t count, FILE *to)
{
    double best[ROWS][COLUMNS] = {{0}};
    for (size_t i = 0; i < count; i++) {
        double *at = &best[cell(scores[i].gamma, SEARCH_GAMMA_LOW, SEARCH_GAMMA_HIGH, ROWS)]
                          [cell(scores[i].c, SEARCH_C_LOW, SEARCH_C_HIGH, COLUMNS)];
        *at = fmax(*at, scores[i].mean);
    }
    fprintf(to, "\n   gamma   percent right, of the best in each cell\n");
    for (int row = ROWS - 1; row >= 0; row--) {
        double low = SEARCH_GAMMA_LOW * pow(SEARCH_GAMMA_HIGH / SEARCH_GAMMA_LOW, (double)row / ROWS);
        fprintf(to, "%8.2g |", low);
        for (int column = 0; column < COLUMNS; column++)
            if (best[row][column] > 0)
                fprintf(to, "%5.0f", 100 * best[row][column]);
            else
                fprintf(to, "%5s", ".");
        fprintf(to, "\n");
    }
    fprintf(to, "       C    ");
    for (int column = 0; column < COLUMNS; column += 2)
        fprintf(to, "%-10.3g", SEARCH_C_LOW * pow(SEARCH_C_HIGH / SEARCH_C_LOW, (double)column / COLUMNS));
    fprintf(to, "\n");
}

/* --- SVG --- */

enum { LEFT = 70, TOP = 40, SIDE = 400, BELOW = 60 };

static void draw_axes(FILE *file)
{
    fprintf(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "font-family=\"sans-serif\" font-size=\"12\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
            "<text x=\"%d\" y=\"24\" font-size=\"15\">Digits told right, by C and gamma</text>\n"
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"gray\"/>\n",
            LEFT + SIDE + 40, TOP + SIDE + BELOW, LEFT, LEFT, TOP, SIDE, SIDE);
    for (double c = SEARCH_C_LOW; c <= SEARCH_C_HIGH * 1.01; c *= 10)
        fprintf(file, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n",
                LEFT + SIDE * place(c, SEARCH_C_LOW, SEARCH_C_HIGH), TOP + SIDE + 18, c);
    for (double gamma = SEARCH_GAMMA_LOW; gamma <= SEARCH_GAMMA_HIGH * 1.01; gamma *= 10)
        fprintf(file, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", LEFT - 8,
                TOP + 4 + SIDE * (1 - place(gamma, SEARCH_GAMMA_LOW, SEARCH_GAMMA_HIGH)), gamma);
    fprintf(file,
            "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">C</text>\n"
            "<text x=\"20\" y=\"%d\" text-anchor=\"middle\" transform=\"rotate(-90 20 %d)\">gamma</text>\n",
            LEFT + SIDE / 2, TOP + SIDE + 42, TOP + SIDE / 2, TOP + SIDE / 2);
}

static void draw_dot(FILE *file, const score *s)
{
    int light = (int)lround(235 - 215 * s->mean);
    fprintf(file,
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"13\" fill=\"rgb(%d,%d,%d)\" stroke=\"gray\">"
            "<title>C %.4g, gamma %.4g, tol %.4g: %.1f %%</title></circle>\n",
            LEFT + SIDE * place(s->c, SEARCH_C_LOW, SEARCH_C_HIGH),
            TOP + SIDE * (1 - place(s->gamma, SEARCH_GAMMA_LOW, SEARCH_GAMMA_HIGH)), light, light + 15, 240,
            s->c, s->gamma, s->tol, 100 * s->mean);
    fprintf(file,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" font-size=\"10\" fill=\"%s\">%.0f</text>\n",
            LEFT + SIDE * place(s->c, SEARCH_C_LOW, SEARCH_C_HIGH),
            TOP + 4 + SIDE * (1 - place(s->gamma, SEARCH_GAMMA_LOW, SEARCH_GAMMA_HIGH)),
            s->mean > 0.5 ? "white" : "black", 100 * s->mean);
}

oct_err scoremap_draw(const score *scores, size_t count, const char *path, oct_error *err)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return oct_fail(err, OCT_E_IO, "cannot draw '%s': %s", path, strerror(errno));
    draw_axes(file);
    for (size_t i = count; i-- > 0;) /* the best on top */
        draw_dot(file, &scores[i]);
    fprintf(file, "</svg>\n");
    int failed = ferror(file);
    if (fclose(file) != 0 || failed)
        return oct_fail(err, OCT_E_IO, "cannot write '%s': is the disk full?", path);
    return OCT_OK;
}
