#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "provision/exercise/reference.h"

/* The comment that the text begins with, up to its first empty line or its first full stop, in one line. */
static bool read_title(const char *text, char *title, size_t size)
{
    size_t length = 0;
    if (strncmp(text, "/* ", 3) != 0)
        return false;
    for (const char *at = text + 3; *at && *at != '*' && *at != '.' && length + 1 < size; at++) {
        if (*at == '\n' && strncmp(at, "\n *\n", 4) == 0)
            break;
        if (*at == '\n' && strncmp(at, "\n * ", 4) == 0)
            at += 3;
        title[length++] = isspace((unsigned char)*at) ? ' ' : *at;
    }
    title[length] = '\0';
    return length > 0;
}

static bool read_reference(const char *folder, const char *file, octi_reference *out)
{
    char path[OCTI_PATH];
    octi_buffer text = {0};
    size_t length = strlen(file);
    if (length < 3 || strcmp(file + length - 2, ".c") != 0 || length - 2 >= sizeof(out->name))
        return false;
    bool is = octi_read_file(octi_path(path, folder, file), 1 << 20, &text, NULL) == OCT_OK && text.data &&
              strstr(text.data, "\nint main(") && read_title(text.data, out->title, sizeof(out->title));
    memcpy(out->name, file, length - 2);
    out->name[length - 2] = '\0';
    octi_buffer_deinit(&text);
    return is;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

size_t octi_references(const char *root, octi_reference out[OCTI_REFERENCES])
{
    char examples[OCTI_PATH], folder[OCTI_PATH];
    struct dirent **entries;
    size_t count = 0;
    octi_path(folder, octi_path(examples, root, "examples"), "reference");
    int found = scandir(folder, &entries, visible, alphasort);
    for (int i = 0; i < found; i++) {
        if (count < OCTI_REFERENCES && read_reference(folder, entries[i]->d_name, &out[count]))
            count++;
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
    return count;
}
