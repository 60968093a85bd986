/* Time, and the processor time that this process and the server took meanwhile. */
#include "load.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

static double read_clock(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double now(void) { return read_clock(CLOCK_MONOTONIC); }

/* User and system time of all threads of the server, in seconds. */
static double server_cpu(int pid) {
  clockid_t clock;
  if (clock_getcpuclockid(pid, &clock) != 0) fail("the server (process %d) is gone", pid);
  return read_clock(clock);
}

static uint64_t server_memory(int pid) {
  char path[64];
  unsigned long pages = 0;
  snprintf(path, sizeof path, "/proc/%d/statm", pid);
  FILE *file = fopen(path, "r");
  if (file == NULL || fscanf(file, "%*u %lu", &pages) != 1) fail("%s cannot be read", path);
  fclose(file);
  return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void measurement_start(struct measurement *measurement, int server_pid) {
  measurement->server_cpu = -server_cpu(server_pid);
  measurement->load_cpu = -read_clock(CLOCK_PROCESS_CPUTIME_ID);
  measurement->seconds = -now();
}

void measurement_stop(struct measurement *measurement, int server_pid) {
  measurement->seconds += now();
  measurement->load_cpu += read_clock(CLOCK_PROCESS_CPUTIME_ID);
  measurement->server_cpu += server_cpu(server_pid);
  measurement->server_memory = server_memory(server_pid);
}

void print_result(const struct measurement *measurement, uint64_t count) {
  printf("{\"count\":%llu,\"seconds\":%.6f,\"serverCpuSeconds\":%.6f,\"loadCpuSeconds\":%.6f,\"serverBytes\":%llu}\n",
         (unsigned long long)count, measurement->seconds, measurement->server_cpu, measurement->load_cpu,
         (unsigned long long)measurement->server_memory);
  fflush(stdout);
}
