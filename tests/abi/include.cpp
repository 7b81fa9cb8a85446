// The header in C++11: included twice, linked with C linkage, and its codes usable in a switch.
#include "xft.h"
#include "xft.h"
#include "check.h"

static const char *name(xft_output_kind kind) {
  switch (kind) {
    case XFT_OUTPUT_TRANSMIT: return "transmit";
    case XFT_OUTPUT_WAIT: return "wait";
    default: return "other";
  }
}

int main() {
  static uint64_t memory[(XFT_SESSION_BYTES(1, 1024) + 7) / 8];
  xft_config cfg;
  xft_session *session = nullptr;
  xft_output output;
  CLAIM(xft_abi_version() == XFT_ABI_VERSION, "a_C++_program_links_the_functions");
  CLAIM(xft_config_init(&cfg, sizeof cfg) == XFT_OK, "a_C++_program_fills_a_configuration");
  cfg.account = "alice@example.org";
  cfg.account_len = 17;
  cfg.password = "secret";
  cfg.password_len = 6;
  memset(cfg.entropy, 7, sizeof cfg.entropy);
  cfg.transfers = 1;
  cfg.block_bytes = 1024;
  CLAIM(xft_session_init(memory, sizeof memory, &cfg, 0, &session) == XFT_OK, "static_memory_of_the_macro_s_size_is_enough");
  CLAIM(xft_poll(session, nullptr, 0, &output) == XFT_OK, "a_C++_program_polls");
  CLAIM(strcmp(name(output.kind), "wait") == 0, "a_C++_program_switches_over_the_kind");
  CLAIM(xft_session_wipe(session) == XFT_OK, "a_C++_program_wipes_the_session");
  return claims_end();
}
