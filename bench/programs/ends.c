/*
 * Both ends of what bench/data-path.ts measures, which are not its limit: what is sent is sent from a file in memory without a copy, what
 * is received is dropped by the kernel.
 *
 *   ends serve ADDRESS PORT                takes, gives and echoes: the first byte of a connection says which
 *   ends push ADDRESS PORT BYTES           prints MB per second
 *   ends pull ADDRESS PORT BYTES           prints MB per second
 *   ends connect ADDRESS PORT COUNT LANES  prints connections per second, a byte there and back each
 *   ends rounds ADDRESS PORT COUNT         prints the median round trip of a byte on one connection, in microseconds
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int on = 1;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static struct sockaddr_in place(const char *address, int port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, address, &at.sin_addr);
  return at;
}

/* What the kernel drops instead of copying it. */
static long swallow(int s, long most) {
  static char unused[1];
  long total = 0, got;
  while (total < most && (got = recv(s, unused, most - total < 1 << 24 ? most - total : 1 << 24, MSG_TRUNC)) > 0) total += got;
  return total;
}

static long give(int s, long bytes) {
  long size = 1 << 24, left = bytes;
  int file = memfd_create("bytes", 0);
  char *memory;
  if (ftruncate(file, size)) fail("memfd");
  memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  memset(memory, 'x', size);
  munmap(memory, size);
  while (left > 0) {
    off_t from = 0;
    while (from < size && left > 0) {
      long sent = sendfile(s, file, &from, left < size - from ? left : size - from);
      if (sent <= 0) break;
      left -= sent;
    }
    if (from == 0) break;
  }
  close(file);
  return bytes - left;
}

/* A connection of which the first byte is read. */
struct caller {
  int s;
  char kind;
};

static void *attend(void *given) {
  struct caller caller = *(struct caller *)given;
  int s = caller.s;
  long bytes = LONG_MAX;
  char byte;
  free(given);
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (caller.kind == 'S') {
    bytes = swallow(s, bytes);
    send(s, &bytes, sizeof bytes, MSG_NOSIGNAL);
  } else if (caller.kind == 'G') {
    if (recv(s, &bytes, sizeof bytes, MSG_WAITALL) == sizeof bytes) give(s, bytes);
  } else {
    while (recv(s, &byte, 1, 0) == 1 && send(s, &byte, 1, MSG_NOSIGNAL) == 1) continue;
  }
  close(s);
  return NULL;
}

static void serve(const char *address, int port) {
  struct sockaddr_in at = place(address, port);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (void *)&at, sizeof at) || listen(listener, 1024)) fail("listen");
  puts("ready");
  fflush(stdout);
  for (;;) {
    char kind;
    int s = accept(listener, NULL, NULL);
    if (s < 0 || recv(s, &kind, 1, 0) != 1) {
      close(s);
      continue;
    }
    if (kind == 'E') {
      send(s, &kind, 1, MSG_NOSIGNAL);
      close(s);
      continue;
    }
    pthread_t thread;
    struct caller *caller = malloc(sizeof *caller);
    *caller = (struct caller){s, kind};
    pthread_create(&thread, NULL, attend, caller);
    pthread_detach(thread);
  }
}

static int dial(const char *address, int port) {
  struct sockaddr_in at = place(address, port);
  int s = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(s, (void *)&at, sizeof at)) fail("connect");
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return s;
}

static void push(const char *address, int port, long bytes) {
  long taken;
  int s = dial(address, port);
  double began = now();
  send(s, "S", 1, 0);
  if (give(s, bytes) != bytes) fail("send");
  shutdown(s, SHUT_WR);
  if (recv(s, &taken, sizeof taken, MSG_WAITALL) != sizeof taken || taken != bytes) fail("not all came");
  printf("%f\n", bytes / (now() - began) / 1e6);
}

static void pull(const char *address, int port, long bytes) {
  int s = dial(address, port);
  double began = now();
  send(s, "G", 1, 0);
  send(s, &bytes, sizeof bytes, 0);
  if (swallow(s, bytes) != bytes) fail("not all came");
  printf("%f\n", bytes / (now() - began) / 1e6);
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void rounds(const char *address, int port, int count) {
  double *taken = malloc(count * sizeof *taken);
  int s = dial(address, port), warming = 200;
  char byte = 'R';
  send(s, &byte, 1, 0);
  for (int i = -warming; i < count; i++) {
    double began = now();
    if (send(s, &byte, 1, MSG_NOSIGNAL) != 1 || recv(s, &byte, 1, 0) != 1) fail("round trip");
    if (i >= 0) taken[i] = now() - began;
  }
  qsort(taken, count, sizeof *taken, compare);
  printf("%f\n", taken[count / 2] * 1e6);
}

static void connect_all(const char *address, int port, int count, int lanes) {
  struct sockaddr_in at = place(address, port);
  struct linger reset = {1, 0};
  int poll = epoll_create1(0), begun = 0, open = 0, done = 0;
  double began = now();
  while (done < count) {
    for (; open < lanes && begun < count; open++, begun++) {
      int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      struct epoll_event event = {.events = EPOLLOUT, .data.fd = s};
      /* No port of this host is left waiting by a closed one. */
      setsockopt(s, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      connect(s, (void *)&at, sizeof at);
      epoll_ctl(poll, EPOLL_CTL_ADD, s, &event);
    }
    struct epoll_event events[256];
    int n = epoll_wait(poll, events, 256, 10000);
    if (n <= 0) fail("stuck");
    for (int i = 0; i < n; i++) {
      char byte;
      int s = events[i].data.fd;
      if (events[i].events & EPOLLOUT) {
        if (send(s, "E", 1, MSG_NOSIGNAL) != 1) fail("send");
        events[i].events = EPOLLIN;
        epoll_ctl(poll, EPOLL_CTL_MOD, s, &events[i]);
      } else {
        if (recv(s, &byte, 1, 0) != 1) fail("answer");
        close(s);
        open--;
        done++;
      }
    }
  }
  printf("%f\n", count / (now() - began));
}

int main(int count, char **words) {
  signal(SIGPIPE, SIG_IGN);
  if (count < 4) return 2;
  const char *verb = words[1], *address = words[2];
  int port = atoi(words[3]);
  long number = count > 4 ? atol(words[4]) : 0;
  if (!strcmp(verb, "serve")) serve(address, port);
  else if (!strcmp(verb, "push")) push(address, port, number);
  else if (!strcmp(verb, "pull")) pull(address, port, number);
  else if (!strcmp(verb, "rounds")) rounds(address, port, number);
  else if (!strcmp(verb, "connect")) connect_all(address, port, number, count > 5 ? atoi(words[5]) : 1);
  else return 2;
  return 0;
}
