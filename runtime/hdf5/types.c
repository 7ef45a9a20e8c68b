#include "runtime/hdf5/types.h"

#include <stdint.h>
#include <string.h>

static const struct unit {
    const char *name, *format;
} units[] = {{"milliseconds since 1970-01-01", "tdm"}, {"microseconds since 1970-01-01", "tsu:"}};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

hid_t octi_hdf5_bool(void)
{
    hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
    H5Tenum_insert(type, "FALSE", &(int8_t){0});
    H5Tenum_insert(type, "TRUE", &(int8_t){1});
    return type;
}

bool octi_hdf5_is_bool(hid_t type)
{
    hid_t wanted = octi_hdf5_bool();
    bool is = H5Tget_class(type) == H5T_ENUM && H5Tequal(type, wanted) > 0;
    H5Tclose(wanted);
    return is;
}

hid_t octi_hdf5_text(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

const char *octi_hdf5_unit_of(const char *format)
{
    for (int i = 0; i < UNITS; i++)
        if (strcmp(units[i].format, format) == 0)
            return units[i].name;
    return NULL;
}

herr_t octi_hdf5_set_unit(hid_t dataset, const char *unit)
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, strlen(unit));
    hid_t attribute = H5Acreate2(dataset, "unit", type, space, H5P_DEFAULT, H5P_DEFAULT);
    herr_t failed = attribute < 0 ? -1 : H5Awrite(attribute, type, unit);
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    return failed;
}

/* Text of a fixed size, as it is written; what is longer or of another kind is no unit of ours. */
static const char *format_of(hid_t attribute)
{
    char text[64] = "";
    const char *format = NULL;
    hid_t type = H5Aget_type(attribute);
    bool fits = H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 &&
                H5Tget_size(type) < sizeof(text) && H5Aget_storage_size(attribute) == H5Tget_size(type);
    if (fits && H5Aread(attribute, type, text) >= 0)
        for (int i = 0; i < UNITS; i++)
            if (strcmp(units[i].name, text) == 0)
                format = units[i].format;
    H5Tclose(type);
    return format;
}

const char *octi_hdf5_format_of(hid_t dataset)
{
    if (H5Aexists(dataset, "unit") <= 0)
        return NULL;
    hid_t attribute = H5Aopen(dataset, "unit", H5P_DEFAULT);
    const char *format = attribute < 0 ? NULL : format_of(attribute);
    if (attribute >= 0)
        H5Aclose(attribute);
    return format;
}
