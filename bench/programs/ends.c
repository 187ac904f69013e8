/*
 * Both ends of what bench/relay.ts measures, which are not its limit: what is sent is sent from a file in memory without a copy, what is
 * received is dropped by the kernel.
 *
 *   ends serve PORT                        on 127.0.0.1: `S` takes all and answers with its size, `E` gives one byte back
 *   ends push ADDRESS PORT BYTES           prints MB per second
 *   ends connect ADDRESS PORT COUNT LANES  prints connections per second, a byte there and back each
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
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

static void *take(void *given) {
  int s = (int)(long)given;
  static char unused[1];
  long total = 0, got;
  while ((got = recv(s, unused, 1 << 24, MSG_TRUNC)) > 0) total += got;
  send(s, &total, sizeof total, MSG_NOSIGNAL);
  close(s);
  return NULL;
}

static void serve(int port) {
  struct sockaddr_in at = place("127.0.0.1", port);
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
    pthread_create(&thread, NULL, take, (void *)(long)s);
    pthread_detach(thread);
  }
}

static void push(const char *address, int port, long bytes) {
  struct sockaddr_in at = place(address, port);
  long size = 1 << 24, taken, left = bytes;
  int file = memfd_create("bytes", 0), s = socket(AF_INET, SOCK_STREAM, 0);
  if (ftruncate(file, size) || connect(s, (void *)&at, sizeof at)) fail("connect");
  memset(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), 'x', size);
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  double began = now();
  send(s, "S", 1, 0);
  while (left > 0) {
    off_t from = 0;
    while (from < size && left > 0) {
      long sent = sendfile(s, file, &from, left < size - from ? left : size - from);
      if (sent <= 0) fail("send");
      left -= sent;
    }
  }
  shutdown(s, SHUT_WR);
  if (recv(s, &taken, sizeof taken, MSG_WAITALL) != sizeof taken || taken != bytes) fail("not all came");
  printf("%f\n", bytes / (now() - began) / 1e6);
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
  if (count == 3) serve(atoi(words[2]));
  else if (count == 5) push(words[2], atoi(words[3]), atol(words[4]));
  else if (count == 6) connect_all(words[2], atoi(words[3]), atoi(words[4]), atoi(words[5]));
  return count < 5 ? 2 : 0;
}
