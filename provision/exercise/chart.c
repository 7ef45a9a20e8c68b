#include <math.h>
#include <stdio.h>

#include "provision/exercise/scaling.h"

enum { WIDTH = 640, HEIGHT = 400, LEFT = 60, RIGHT = 20, TOP = 50, BOTTOM = 60 };

struct frame {
    double top;  /* speed-up at the upper edge */
    double slot; /* pixels that one bar has */
    octi_buffer *out;
};

static double y_of(const struct frame *frame, double speed_up)
{
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * speed_up / frame->top;
}

static oct_err append_text(octi_buffer *out, const char *text)
{
    oct_err code = OCT_OK;
    for (; *text && code == OCT_OK; text++)
        switch (*text) {
        case '<':
            code = octi_buffer_printf(out, "&lt;");
            break;
        case '>':
            code = octi_buffer_printf(out, "&gt;");
            break;
        case '&':
            code = octi_buffer_printf(out, "&amp;");
            break;
        default:
            code = octi_buffer_append(out, text, 1);
        }
    return code;
}

static oct_err draw_axes(const struct frame *frame)
{
    double step = frame->top > 16 ? ceil(frame->top / 8) : frame->top > 8 ? 2 : 1;
    oct_err code = OCT_OK;
    for (double at = 0; code == OCT_OK && at <= frame->top; at += step)
        code = octi_buffer_printf(frame->out,
                                  "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>\n"
                                  "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
                                  LEFT, y_of(frame, at), WIDTH - RIGHT, y_of(frame, at), LEFT - 8,
                                  y_of(frame, at) + 4, at);
    return code;
}

static oct_err draw_level(const struct frame *frame, double speed_up, const char *colour, const char *label)
{
    double y = y_of(frame, speed_up);
    return octi_buffer_printf(frame->out,
                              "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"%s\" "
                              "stroke-dasharray=\"6 4\"/>\n"
                              "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" fill=\"%s\">%s %.2f</text>\n",
                              LEFT, y, WIDTH - RIGHT, y, colour, WIDTH - RIGHT, y - 5, colour, label,
                              speed_up);
}

static oct_err draw_row(const struct frame *frame, const octi_scaling_row *row, size_t index, unsigned cores)
{
    double centre = LEFT + ((double)index - 0.5) * frame->slot, half = 0.3 * frame->slot;
    const octi_spread *s = &row->speed_up;
    return octi_buffer_printf(
        frame->out,
        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n"
        "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#000\"/>\n"
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.2f</text>\n"
        "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%u%s</text>\n",
        centre - half, y_of(frame, s->median), 2 * half, HEIGHT - BOTTOM - y_of(frame, s->median),
        row->workers > cores ? "#b8c4d6" : "#4878a8", centre, y_of(frame, s->low), centre,
        y_of(frame, s->high), centre, y_of(frame, s->high) - 5, s->median, centre, HEIGHT - BOTTOM + 18,
        row->workers, row->workers > cores ? " (in turns)" : "");
}

oct_err octi_scaling_svg(const octi_scaling *scaling, const char *title, octi_buffer *out)
{
    struct frame frame = {.top = fmax(2, scaling->capacity), .out = out};
    for (size_t i = 1; i < scaling->row_count; i++)
        frame.top = fmax(frame.top, scaling->rows[i].speed_up.high);
    frame.top *= 1.1;
    frame.slot = (WIDTH - LEFT - RIGHT) / fmax(1, (double)scaling->row_count - 1);
    oct_err code = octi_buffer_printf(out,
                                      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                                      "font-family=\"sans-serif\" font-size=\"12\">\n"
                                      "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
                                      "<text x=\"%d\" y=\"24\" font-size=\"16\">",
                                      WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT);
    if (code == OCT_OK)
        code = append_text(out, title);
    if (code == OCT_OK)
        code = octi_buffer_printf(
            out,
            "</text>\n<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">workers, on %u core%s</text>\n"
            "<text x=\"%d\" y=\"40\">times as fast as the loop (%.2f s); lines: lowest to highest of %zu "
            "runs</text>\n",
            WIDTH / 2, HEIGHT - 12, scaling->cores, scaling->cores == 1 ? "" : "s", LEFT,
            scaling->rows[0].time.median, scaling->rounds);
    if (code == OCT_OK)
        code = draw_axes(&frame);
    for (size_t i = 1; code == OCT_OK && i < scaling->row_count; i++)
        code = draw_row(&frame, &scaling->rows[i], i, scaling->cores);
    if (code == OCT_OK)
        code = draw_level(&frame, scaling->capacity, "#2a7d2a", "this machine gives");
    if (code == OCT_OK)
        code = draw_level(&frame, scaling->wanted, "#b05a00", "enough");
    return code == OCT_OK ? octi_buffer_printf(out, "</svg>\n") : code;
}
