/* The eighth fuzz target: any calls of the C interface, in any order, on two joined sessions. The bytes of an input are
 * played as operations; what must hold whatever they are is checked after each.
 *
 *   fuzz_api FILE-OR-FOLDER...    replays inputs; with -DRANDOM=N also N made at random
 *   tests/abi/fuzz SECONDS        runs it under libFuzzer, beside the tests
 *
 * Both sessions own no XMPP stream: stanzas go from one to the other through a few lines of a server, SOCKS5 streams
 * through pipes. Buffers have canaries around them, which a sanitizer guards too. */
#include "fuzz_world.h"
#include <dirent.h>
#include <sys/stat.h>

/* A handle: one of the end's own, one of the past, or any number. */
static uint32_t some_handle(end *e) {
  uint32_t dice = byte();
  if (e->files_len > 0 && dice < 200) { return e->files[e->files_len - 1 - dice % (e->files_len < 4 ? e->files_len : 4)].transfer; }
  return dice < 220 ? dice : dice << 24 | (uint32_t)byte() << 16 | byte();
}

static uint64_t some_offset(const file *it) {
  switch (byte() % 6) {
    case 0: return 0;
    case 1: return it == NULL ? 1 : it->came;
    case 2: return it == NULL ? 2 : it->size;
    case 3: return byte();
    case 4: return UINT64_MAX - byte();
    default: return (uint64_t)byte() << 40;
  }
}

static size_t some_length(void) {
  static const size_t lengths[] = {0, 1, 2, 3, 5, 46, 47, 48, 255, 1000, 4096};
  return lengths[byte() % (sizeof lengths / sizeof *lengths)];
}

static uint32_t some_stream(end *e) {
  uint32_t dice = byte();
  for (unsigned i = 0; i < PIPES && dice < 200; i++) {
    pipe *it = &pipes[(dice + i) % PIPES];
    for (unsigned s = 0; s < 2; s++) {
      if (it->used && it->sides[s].who == e) { return it->sides[s].stream; }
    }
  }
  return dice < 230 ? dice % 4 : (uint32_t)byte() << 12 | byte();
}

/* A call as nobody should make it; a refused one has written nothing, one that was taken is followed up. */
static void wild(end *e) {
  uint32_t handle = some_handle(e), which = byte() % 22;
  file *it = find(e, handle);
  uint64_t offset = some_offset(it);
  if (it == NULL && which < 3) { which += 3; }
  switch (which) {
    case 0: { /* at any offset the bytes are those of the file, so that what is taken harms nothing */
      size_t len = some_length();
      region bytes = region_new(len), out = region_new(some_length());
      content(it, offset, bytes.at, len);
      supply(e, it, offset, &bytes, &out);
      region_end(&bytes);
      region_end(&out);
      break;
    }
    case 1: {
      xft_status status = xft_sent(e->session, handle, offset);
      if (status == XFT_OK && offset > it->raw_at) { it->raw_at = offset; } /* they went nowhere */
      break;
    }
    case 2: {
      size_t len = some_length();
      region bytes = region_new(len);
      content(it, offset, bytes.at, len);
      (void)xft_prefix(e->session, handle, offset, bytes.at, len);
      region_end(&bytes);
      break;
    }
    case 3: (void)xft_stored(e->session, handle, offset); break;
    case 4: (void)xft_cancel(e->session, handle, byte() % 6); break;
    case 5: (void)xft_decline(e->session, handle, byte() % 4); break;
    case 6: accept_from(e, find(e, handle), offset); break;
    case 7: {
      xft_marks m;
      memset(&m, 0x55, sizeof m);
      xft_status status = xft_progress(e->session, handle, &m);
      HOLDS(status == XFT_OK || all(&m, sizeof m, 0x55), "a refused progress writes nothing");
      HOLDS(status != XFT_OK || (m.start <= m.safe && m.safe <= m.moved && m.moved <= m.end), "marks stand in their order");
      break;
    }
    case 8: open_stream(e, some_stream(e)); break;
    case 9: end_stream(e, some_stream(e), byte() % 10); break;
    case 10: { /* garbage on a stream: from here on only a hash can vouch for a file */
      size_t len = some_length();
      region bytes = region_new(len);
      for (size_t i = 0; i < len; i++) { bytes.at[i] = byte(); }
      tainted = 1;
      read_stream(e, some_stream(e), &bytes);
      region_end(&bytes);
      break;
    }
    case 11: {
      size_t len = some_length();
      region bytes = region_new(len);
      for (size_t i = 0; i < len; i++) { bytes.at[i] = (uint8_t)"<iq/> '=\0"[byte() % 10]; }
      give(e, &bytes);
      region_end(&bytes);
      break;
    }
    case 12: {
      uint32_t stream = 0x55555555;
      xft_status status = xft_stream_accepted(e->session, byte() % 3, &stream);
      HOLDS((status == XFT_OK) == (stream != 0x55555555), "a number is written with XFT_OK alone");
      if (status == XFT_OK) { adopt(e, stream); }
      break;
    }
    case 13: (void)xft_tls_done(e->session, e->mem == NULL ? NULL : (const uint8_t *)"x", byte() % 2, NULL, 0); break;
    case 14: {
      size_t len = byte() % 20;
      (void)xft_add_address(e->session, "192.0.2.77 and more", len, (uint32_t)byte() << 9);
      break;
    }
    case 15: (void)xft_add_proxy(e->session, "proxy.example.org", byte() % 18, "192.0.2.65", byte() % 11, byte()); break;
    case 16: (void)xft_clear_addresses(e->session); break;
    case 17: {
      const char *text = NULL;
      size_t len = 77;
      xft_status status = byte() % 2 ? xft_jid(e->session, &text, &len) : xft_detail(e->session, &text, &len);
      HOLDS(status == XFT_OK && (len == 0 || text[len - 1] != 0), "what only tells is told at any time");
      break;
    }
    case 18: { /* outputs where they must not be */
      xft_output *inside = (xft_output *)(void *)((char *)e->mem + 64);
      region out = region_new(sizeof(xft_output));
      HOLDS(xft_poll(e->session, out.at, out.len, inside) == XFT_ERR_OVERLAP, "no output inside the session");
      HOLDS(xft_poll(e->session, out.at, out.len, (xft_output *)(void *)out.at) == XFT_ERR_OVERLAP, "no output over the buffer");
      HOLDS(xft_poll(e->session, (uint8_t *)e->mem + byte(), 16, &(xft_output){0}) == XFT_ERR_OVERLAP, "no buffer inside the session");
      region_end(&out);
      break;
    }
    case 19: {
      xft_refusal f;
      HOLDS(xft_last_refusal(e->session, &f) == XFT_OK, "the last refusal is always told");
      break;
    }
    case 20: offer(e, byte() % 3 == 0 ? e->jid : "nobody@example.org/x", byte()); break;
    default:
      if (byte() < 20) { (void)xft_close(e->session); }
  }
}

static void operation(void) {
  uint32_t what = byte();
  end *e = &ends[what >> 7];
  switch (what % 16) {
    case 0: pass(); break;
    case 1: e->cap = some_length(); drain(e); e->cap = 0; break;
    case 2: case 3: case 4: deliver(e); drain(e); break;
    case 5: case 6: flow(); drain(e); break;
    case 7: offer(e, ends[e == ends].jid, byte()); break;
    case 8: e->hold = byte() % 4 == 0; break;
    case 9: shuffle(e, byte() % 3); break;
    case 10: case 11: settle(); break;
    default: wild(e);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
  input = bytes;
  input_len = len;
  open_world();
  for (unsigned turn = 0; turn < 400 && input_len > 0; turn++) { operation(); }
  input_len = 0;
  close_world();
  return 0;
}

#ifndef FUZZER
static unsigned played;

static void replay(const char *path) {
  static uint8_t bytes[1u << 16];
  struct stat about;
  if (stat(path, &about) != 0) { abort(); }
  if (S_ISDIR(about.st_mode)) {
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
      char inner[1024];
      snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
      if (entry->d_name[0] != '.') { replay(inner); }
    }
    if (folder != NULL) { closedir(folder); }
    return;
  }
  FILE *from = fopen(path, "rb");
  if (from == NULL) { abort(); }
  size_t len = fread(bytes, 1, sizeof bytes, from);
  fclose(from);
  playing = path;
  LLVMFuzzerTestOneInput(bytes, len);
  played++;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) { replay(argv[i]); }
#ifdef RANDOM
  static uint8_t bytes[1500];
  uint64_t state = 88172645463325252u;
  char name[64];
  for (unsigned round = 0; round < RANDOM; round++) {
    size_t len = 0;
    snprintf(name, sizeof name, "random input %u", round);
    for (; len < sizeof bytes; len++) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      bytes[len] = (uint8_t)(state >> 32);
    }
    playing = name;
    LLVMFuzzerTestOneInput(bytes, 100 + state % (sizeof bytes - 100));
    played++;
  }
#endif
  const char *list = getenv("XFT_SEEN");
  FILE *to = list == NULL ? NULL : fopen(list, "w");
  for (unsigned i = 0; i < seen_len && to != NULL; i++) { fprintf(to, "%s %u\n", seen_of[i].call, (unsigned)seen_of[i].status); }
  if (to != NULL) { fclose(to); }
  printf("%u inputs kept every promise; %u transfers of %u came to a good end\n", played, finished_well, finished);
  return played > 0 && finished_well > 0 ? 0 : 1;
}
#endif
