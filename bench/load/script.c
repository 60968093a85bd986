/* Reads the file that script-file.ts writes: little-endian numbers, then bytes. */
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *read_bytes(FILE *file, size_t length) {
  uint8_t *bytes = malloc(length + 1);
  if (fread(bytes, 1, length, file) != length) fail("the script ends too early");
  return bytes;
}

static uint32_t read_number(FILE *file) {
  uint8_t bytes[4];
  if (fread(bytes, 1, 4, file) != 4) fail("the script ends too early");
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

void script_read(struct script *script, const char *name) {
  FILE *file = fopen(name, "rb");
  if (file == NULL) fail("%s cannot be opened", name);
  script->units = read_number(file);
  script->replies_per_unit = read_number(file);
  size_t total = 0;
  uint8_t **units = calloc(script->units, sizeof *units);
  script->offsets = calloc(2 * script->units + 1, sizeof *script->offsets);
  for (uint32_t i = 0; i < script->units; i++) {
    uint32_t length = read_number(file);
    units[i] = read_bytes(file, length);
    total += length;
    script->offsets[i + 1] = total;
  }
  script->joined = malloc(2 * total);
  for (uint32_t i = 0; i < script->units; i++) {
    size_t length = script->offsets[i + 1] - script->offsets[i];
    memcpy(script->joined + script->offsets[i], units[i], length);
    memcpy(script->joined + total + script->offsets[i], units[i], length);
    script->offsets[script->units + i + 1] = total + script->offsets[i + 1];
    free(units[i]);
  }
  free(units);
  uint32_t replies = script->units * script->replies_per_unit;
  script->replies = calloc(replies, sizeof *script->replies);
  for (uint32_t i = 0; i < replies; i++) {
    script->replies[i].first_byte = (uint8_t)read_number(file);
    script->replies[i].length = read_number(file);
    script->replies[i].content =
        script->replies[i].length == any_length ? NULL : read_bytes(file, script->replies[i].length);
  }
  fclose(file);
}
