#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/exercise/course.h"

static bool has_record(const char *folder)
{
    char path[OCTI_PATH];
    return octi_has_file(octi_path(path, folder, "progress.json"));
}

oct_err octi_course_find(const char *named, octi_course *out, oct_error *err)
{
    char here[sizeof(out->folder) - 16];
    octi_course course = {0};
    if (!getcwd(here, sizeof(here)))
        return oct_fail(err, OCT_E_IO, "cannot tell the current folder: %s", strerror(errno));
    char *last = strrchr(here, '/');
    if (named) {
        int length = snprintf(course.folder, sizeof(course.folder), "%s%s%s", *named == '/' ? "" : here,
                              *named == '/' ? "" : "/", named);
        if (!*named || length < 0 || (size_t)length >= sizeof(course.folder))
            return oct_fail(err, OCT_E_INVALID, "the folder '%.60s' makes no sense", named);
    } else if (has_record(here)) {
        snprintf(course.folder, sizeof(course.folder), "%s", here);
    } else {
        snprintf(course.folder, sizeof(course.folder), "%.*s", (int)(last - here), here);
        if (has_record(course.folder))
            snprintf(course.lesson, sizeof(course.lesson), "%.63s", last + 1);
        else
            snprintf(course.folder, sizeof(course.folder), "%s/exercises", here);
    }
    *out = course;
    return OCT_OK;
}

const char *octi_course_lesson(const octi_course *course, const char *lesson, char out[OCTI_PATH])
{
    return octi_path(out, course->folder, lesson);
}

/* The build's, the tests' and the solution are no business of a student who begins. */
static bool is_for_student(const octi_lesson *lesson, const char *name)
{
    static const char *const not_for[] = {"BUILD", "lesson_test.sh", "readme.h", NULL};
    if (name[0] == '.' || strcmp(name, lesson->solution) == 0 || strcmp(name, "wrong") == 0)
        return false;
    for (size_t i = 0; not_for[i]; i++)
        if (strcmp(name, not_for[i]) == 0)
            return false;
    return true;
}

static oct_err copy_lesson(const octi_lesson *lesson, const char *to, oct_error *err)
{
    DIR *folder = opendir(lesson->folder);
    if (!folder)
        return oct_fail(err, OCT_E_IO, "cannot read '%s': %s", lesson->folder, strerror(errno));
    oct_err code = octi_make_folder(to, err);
    for (struct dirent *entry; code == OCT_OK && (entry = readdir(folder));) {
        char from[OCTI_PATH], target[OCTI_PATH];
        struct stat known;
        octi_path(from, lesson->folder, entry->d_name);
        octi_path(target, to, entry->d_name);
        if (is_for_student(lesson, entry->d_name) && stat(from, &known) == 0 && S_ISREG(known.st_mode))
            code = octi_copy_file(from, target, err);
    }
    closedir(folder);
    return code;
}

oct_err octi_course_start(const octi_course *course, const octi_lesson *lesson, oct_error *err)
{
    char folder[OCTI_PATH], part[OCTI_PATH];
    octi_course_lesson(course, lesson->name, folder);
    if (octi_has_file(folder)) {
        oct_fail(err, OCT_E_EXISTS, "'%s' is there already", folder);
        return oct_hint(err,
                        "go on in it ('octavo exercise check %s'), or begin anew: 'octavo exercise reset %s' "
                        "keeps what is there "
                        "as a backup",
                        lesson->name, lesson->name);
    }
    /* Under its name only when it is whole, so that a full disk leaves nothing half made. */
    snprintf(part, sizeof(part), "%.4000s/.%s.part", course->folder, lesson->name);
    oct_err code = octi_make_folder(course->folder, err);
    if (code != OCT_OK)
        return code;
    octi_remove_folder(part);
    code = copy_lesson(lesson, part, err);
    if (code == OCT_OK && rename(part, folder) != 0)
        code = oct_fail(err, OCT_E_IO, "cannot make '%s': %s", folder, strerror(errno));
    if (code != OCT_OK)
        octi_remove_folder(part);
    return code;
}

oct_err octi_course_reset(const octi_course *course, const octi_lesson *lesson, char backup[OCTI_PATH],
                          oct_error *err)
{
    enum { MOST = 1000 };
    char folder[OCTI_PATH];
    octi_course_lesson(course, lesson->name, folder);
    if (!octi_has_file(folder)) {
        oct_fail(err, OCT_E_NOTFOUND, "'%s' was not started in '%s'", lesson->name, course->folder);
        return oct_hint(err, "'octavo exercise start %s' does", lesson->name);
    }
    int number = 1;
    do
        snprintf(backup, OCTI_PATH, "%.4000s.backup-%d", folder, number);
    while (octi_has_file(backup) && ++number < MOST);
    if (rename(folder, backup) != 0)
        return oct_fail(err, OCT_E_IO, "cannot move '%s' to '%s': %s", folder, backup, strerror(errno));
    oct_err code = octi_course_start(course, lesson, err);
    if (code != OCT_OK)
        (void)rename(backup, folder);
    return code;
}

bool octi_course_edited(const octi_course *course, const octi_lesson *lesson)
{
    char folder[OCTI_PATH], path[OCTI_PATH];
    octi_buffer ours = {0}, theirs = {0};
    octi_course_lesson(course, lesson->name, folder);
    bool read =
        octi_read_file(octi_path(path, lesson->folder, lesson->exercise), 1 << 20, &ours, NULL) == OCT_OK &&
        octi_read_file(octi_path(path, folder, lesson->exercise), 1 << 20, &theirs, NULL) == OCT_OK;
    bool edited = !read || ours.size != theirs.size ||
                  (ours.size > 0 && memcmp(ours.data, theirs.data, ours.size) != 0);
    octi_buffer_deinit(&ours);
    octi_buffer_deinit(&theirs);
    return edited;
}
