#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "provision/node/file.h"
#include "provision/node/key.h"

/* munged's own limits are 32 and 1024 bytes; mungekey makes 128. */
enum { KEY_MIN = 32, KEY_SIZE = 128, KEY_MAX = 1024 };

oct_err octi_key_ensure(const char *path, oct_error *err)
{
    if (access(path, F_OK) == 0)
        return OCT_OK;

    unsigned char key[KEY_SIZE];
    if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
        return oct_fail(err, OCT_E_IO, "cannot get %d random bytes: %s", KEY_SIZE, strerror(errno));
    oct_err result = octi_file_create(path, key, sizeof(key), 0400, err);
    explicit_bzero(key, sizeof(key));
    return result;
}

static oct_err install(const octi_buffer *key, const char *from, const char *to, int *changed, oct_error *err)
{
    if (key->size < KEY_MIN || key->size > KEY_MAX)
        return oct_fail(err, OCT_E_INVALID, "the munge key '%s' has %zu bytes, not %d to %d", from, key->size,
                        KEY_MIN, KEY_MAX);

    octi_buffer old = {0};
    int same = octi_file_read(to, KEY_MAX, &old, NULL) == OCT_OK && old.size == key->size &&
               memcmp(old.data, key->data, key->size) == 0;
    if (old.data)
        explicit_bzero(old.data, old.size);
    octi_buffer_deinit(&old);
    if (!same) {
        oct_err result = octi_file_replace(to, key->data, key->size, 0400, err);
        if (result != OCT_OK)
            return result;
    }
    *changed = !same;
    return OCT_OK;
}

oct_err octi_key_install(const char *from, const char *to, int *changed, oct_error *err)
{
    octi_buffer key = {0};
    oct_err result = octi_file_read(from, KEY_MAX, &key, err);
    if (result == OCT_OK)
        result = install(&key, from, to, changed, err);
    if (key.data)
        explicit_bzero(key.data, key.size);
    octi_buffer_deinit(&key);
    return result;
}
