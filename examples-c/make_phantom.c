/* Writes a DICOM image made on the spot: a head phantom of ellipses, 512 x 512 pixels of 16 bits, as a Part 10 file in
 * Explicit VR Little Endian. No patient is in it.
 *
 *   make_phantom FILE */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SIDE 512
#define SECONDARY_CAPTURE "1.2.840.10008.5.1.4.1.1.7"
#define EXPLICIT_VR_LITTLE_ENDIAN "1.2.840.10008.1.2.1"
/* UIDs under 2.25 are made from a UUID; these belong to this phantom alone (PS3.5 B.2). */
#define UID(last) "2.25.19732046118529906671840277361455028800" last

struct bytes {
    uint8_t at[4096];
    size_t length;
};

static void put(struct bytes *out, const void *bytes, size_t length)
{
    if (length > 0)
        memcpy(out->at + out->length, bytes, length);
    out->length += length;
}

static void put_number(struct bytes *out, uint32_t value, size_t length)
{
    for (size_t at = 0; at < length; at++, value >>= 8)
        out->at[out->length++] = (uint8_t)(value & 0xff);
}

/* Group, element, value representation; then a length of 2 bytes, or 2 reserved and 4 for the long ones. */
static void put_tag(struct bytes *out, uint16_t group, uint16_t element, const char *vr, size_t length)
{
    int is_long = vr[0] == 'O';
    put_number(out, group, 2);
    put_number(out, element, 2);
    put(out, vr, 2);
    if (is_long)
        put_number(out, 0, 2);
    put_number(out, (uint32_t)length, is_long ? 4 : 2);
}

/* Values have an even length: UIDs are filled up with NUL, texts with a blank. */
static void put_text(struct bytes *out, uint16_t group, uint16_t element, const char *vr, const char *text)
{
    size_t length = strlen(text), odd = length % 2;
    put_tag(out, group, element, vr, length + odd);
    put(out, text, length);
    put(out, strcmp(vr, "UI") == 0 ? "\0" : " ", odd);
}

static void put_us(struct bytes *out, uint16_t group, uint16_t element, uint32_t value)
{
    put_tag(out, group, element, "US", 2);
    put_number(out, value, 2);
}

static void put_meta(struct bytes *out)
{
    struct bytes meta = { .length = 0 };
    put_tag(&meta, 0x0002, 0x0001, "OB", 2);
    put(&meta, "\0\1", 2);
    put_text(&meta, 0x0002, 0x0002, "UI", SECONDARY_CAPTURE);
    put_text(&meta, 0x0002, 0x0003, "UI", UID("1"));
    put_text(&meta, 0x0002, 0x0010, "UI", EXPLICIT_VR_LITTLE_ENDIAN);
    put_text(&meta, 0x0002, 0x0012, "UI", UID("9"));
    put_text(&meta, 0x0002, 0x0013, "SH", "LIBXFT PHANTOM");
    memset(out->at, 0, 128);
    out->length = 128;
    put(out, "DICM", 4);
    put_tag(out, 0x0002, 0x0000, "UL", 4);
    put_number(out, (uint32_t)meta.length, 4);
    put(out, meta.at, meta.length);
}

static void put_data_set(struct bytes *out)
{
    put_text(out, 0x0008, 0x0008, "CS", "DERIVED\\SECONDARY");
    put_text(out, 0x0008, 0x0016, "UI", SECONDARY_CAPTURE);
    put_text(out, 0x0008, 0x0018, "UI", UID("1"));
    put_text(out, 0x0008, 0x0020, "DA", "20080601");
    put_text(out, 0x0008, 0x0030, "TM", "");
    put_text(out, 0x0008, 0x0050, "SH", "");
    put_text(out, 0x0008, 0x0060, "CS", "OT");
    put_text(out, 0x0008, 0x0064, "CS", "SYN");
    put_text(out, 0x0008, 0x0090, "PN", "");
    put_text(out, 0x0010, 0x0010, "PN", "PHANTOM^HEAD");
    put_text(out, 0x0010, 0x0020, "LO", "PHANTOM");
    put_text(out, 0x0010, 0x0030, "DA", "");
    put_text(out, 0x0010, 0x0040, "CS", "O");
    put_text(out, 0x0020, 0x000d, "UI", UID("2"));
    put_text(out, 0x0020, 0x000e, "UI", UID("3"));
    put_text(out, 0x0020, 0x0010, "SH", "");
    put_text(out, 0x0020, 0x0011, "IS", "1");
    put_text(out, 0x0020, 0x0013, "IS", "1");
    put_text(out, 0x0020, 0x0020, "CS", "");
    put_us(out, 0x0028, 0x0002, 1);
    put_text(out, 0x0028, 0x0004, "CS", "MONOCHROME2");
    put_us(out, 0x0028, 0x0010, SIDE);
    put_us(out, 0x0028, 0x0011, SIDE);
    put_us(out, 0x0028, 0x0100, 16);
    put_us(out, 0x0028, 0x0101, 16);
    put_us(out, 0x0028, 0x0102, 15);
    put_us(out, 0x0028, 0x0103, 0);
    put_text(out, 0x0028, 0x1050, "DS", "18000");
    put_text(out, 0x0028, 0x1051, "DS", "20000");
    put_tag(out, 0x7fe0, 0x0010, "OW", (size_t)SIDE * SIDE * 2);
}

/* Ellipses of the head phantom of Shepp and Logan, with contrast for the eye: centre, half axes (of a square from -1
 * to 1), angle in degrees, and what they add. */
static const double ELLIPSES[][6] = {
    { 0.0, 0.0, 0.69, 0.92, 0.0, 1.0 },       { 0.0, -0.0184, 0.6624, 0.874, 0.0, -0.8 },
    { 0.22, 0.0, 0.11, 0.31, -18.0, -0.2 },   { -0.22, 0.0, 0.16, 0.41, 18.0, -0.2 },
    { 0.0, 0.35, 0.21, 0.25, 0.0, 0.1 },      { 0.0, 0.1, 0.046, 0.046, 0.0, 0.1 },
    { 0.0, -0.1, 0.046, 0.046, 0.0, 0.1 },    { -0.08, -0.605, 0.046, 0.023, 0.0, 0.1 },
    { 0.0, -0.605, 0.023, 0.023, 0.0, 0.1 },  { 0.06, -0.605, 0.023, 0.046, 0.0, 0.1 },
};

static uint32_t pixel(double x, double y)
{
    double sum = 0.0;
    for (size_t at = 0; at < sizeof ELLIPSES / sizeof *ELLIPSES; at++) {
        const double *e = ELLIPSES[at];
        double angle = e[4] * 3.14159265358979 / 180.0;
        double dx = x - e[0], dy = y - e[1];
        double along = (dx * cos(angle) + dy * sin(angle)) / e[2], across = (dy * cos(angle) - dx * sin(angle)) / e[3];
        if (along * along + across * across <= 1.0)
            sum += e[5];
    }
    return (uint32_t)(sum * 60000.0 + 0.5);
}

int main(int argc, char **argv)
{
    struct bytes head = { .length = 0 };
    FILE *file = argc == 2 ? fopen(argv[1], "wb") : NULL;
    if (file == NULL) {
        fprintf(stderr, argc == 2 ? "make_phantom: cannot write %s\n" : "usage: make_phantom FILE\n", argv[argc == 2]);
        return 2;
    }
    put_meta(&head);
    put_data_set(&head);
    size_t wrote = fwrite(head.at, 1, head.length, file), wanted = head.length;
    for (int row = 0; row < SIDE; row++) {
        struct bytes line = { .length = 0 };
        for (int column = 0; column < SIDE; column++)
            put_number(&line, pixel((column + 0.5) * 2.0 / SIDE - 1.0, 1.0 - (row + 0.5) * 2.0 / SIDE), 2);
        wrote += fwrite(line.at, 1, line.length, file);
        wanted += line.length;
    }
    if (fclose(file) != 0 || wrote != wanted) {
        fprintf(stderr, "make_phantom: cannot write %s\n", argv[1]);
        return 1;
    }
    return 0;
}
