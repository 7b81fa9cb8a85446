// An independent peer on gloox: sends or receives files by stream initiation (XEP-0096), one after the other.
//
// gloox recv --server HOST:PORT --jid USER@DOMAIN/RES --dir DIR [--count N]
// gloox send --server HOST:PORT --jid USER@DOMAIN/RES --to JID/RES [--block N] FILE...
//     both: [--method auto|direct|mediated|inband] [--ca CA.pem] [--password-file F, else XFT_PASSWORD]
//           [--seconds N] [--stall N] [--verbose]; a sender: [--streamhost [JID=]HOST:PORT]... [--only]
//
// A sender offers the streamhosts of its method: its own listener on 127.0.0.1 (direct), what its server's proxies tell
// (mediated), both (auto). Those of --streamhost come before them, or with --only instead of them; without a JID they
// are our own. A pinned method offers nothing else; auto makes a second offer, in band, when SOCKS5 failed. A receiver
// takes SOCKS5 where it is offered, unless told inband. Lines on stdout: `ready jid=JID`, and for each file
// `sent|received NAME bytes=N method=M seconds=S`. What does not move for --stall seconds has failed.
// Exit codes: 0 all files, 1 a transfer failed, 2 usage, 3 no login, 4 time is up.

#include <gloox/bytestreamdatahandler.h>
#include <gloox/client.h>
#include <gloox/connectionlistener.h>
#include <gloox/connectiontcpclient.h>
#include <gloox/disco.h>
#include <gloox/discohandler.h>
#include <gloox/error.h>
#include <gloox/inbandbytestream.h>
#include <gloox/iq.h>
#include <gloox/iqhandler.h>
#include <gloox/loghandler.h>
#include <gloox/md5.h>
#include <gloox/siprofileft.h>
#include <gloox/siprofilefthandler.h>
#include <gloox/socks5bytestream.h>
#include <gloox/socks5bytestreamserver.h>
#include <gloox/stanzaextension.h>
#include <gloox/tag.h>
#include <gloox/tlsdefault.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace gloox;
using Clock = std::chrono::steady_clock;

static const std::string BYTESTREAMS = "http://jabber.org/protocol/bytestreams";
// Large enough that a fast stream is not held up, small enough that the XMPP stream is looked at in between.
static const size_t PIECE_BYTES = 65536;

struct Options {
  bool send = false;
  std::string host, jid, password, ca, dir, to, method = "auto";
  int port = 0, count = 1, block = 4096;
  double seconds = 120, stall = 10;
  bool verbose = false, only = false;
  std::vector<StreamHost> hosts;
  std::vector<std::string> files;

  bool socks() const { return method != "inband"; }
  bool direct() const { return !only && (method == "auto" || method == "direct"); }
  bool mediated() const { return !only && (method == "auto" || method == "mediated"); }
};

// Where a proxy listens (XEP-0065, 4): gloox itself never asks, it wants to be told.
class ProxyAddress : public StanzaExtension {
public:
  static const int TYPE = ExtUser + 1;
  ProxyAddress() : StanzaExtension(TYPE) {}
  explicit ProxyAddress(const Tag *query) : StanzaExtension(TYPE) {
    for (const Tag *child : query->findChildren("streamhost")) {
      hosts.push_back(StreamHost{JID(child->findAttribute("jid")), child->findAttribute("host"),
                                 std::atoi(child->findAttribute("port").c_str())});
    }
  }
  const std::string &filterString() const override {
    static const std::string filter = "/iq[@type='result']/query[@xmlns='" + BYTESTREAMS + "']";
    return filter;
  }
  StanzaExtension *newInstance(const Tag *query) const override { return new ProxyAddress(query); }
  StanzaExtension *clone() const override { return new ProxyAddress(*this); }
  Tag *tag() const override { return new Tag("query", XMLNS, BYTESTREAMS); }

  std::vector<StreamHost> hosts;
};

struct Transfer {
  std::string sid, name, path;
  std::string data;
  Clock::time_point begun = Clock::now(), moved = Clock::now();
  Bytestream *stream = nullptr;
  size_t size = 0, done = 0, blocks = 0, acknowledged = 0;
  std::string used;  // JID of the streamhost in use
  bool met = false, open = false, closed = false, failed = false, again = false;
};

// What a sender asks.
struct Offer {
  JID from;
  std::string sid, name;
  long size;
  int types;
};

class Peer : ConnectionListener, SIProfileFTHandler, BytestreamDataHandler, LogHandler, DiscoHandler, IqHandler {
public:
  explicit Peer(const Options &options)
      : options(options), client(JID(options.jid), options.password, options.port),
        ft(&client, this), server(client.logInstance(), 0, "127.0.0.1"), left(options.count) {
    // A server name of its own would also be the name looked for in the certificate.
    client.setConnectionImpl(new ConnectionTCPClient(&client, client.logInstance(), options.host, options.port));
    client.setCompression(false);
    client.setTls(TLSRequired);
    // Its SCRAM binds by tls-unique alone, which TLS 1.3 does not have, and without -PLUS it says `y`, which a server that
    // offers -PLUS has to refuse (QRK-42).
    client.setSASLMechanisms(SaslMechPlain);
    if (!options.ca.empty()) {
      // gloox 1.0.24 ignores the list that Client::setCACerts and init take, and a TLSBase handed in must be ready.
      TLSDefault *tls = new TLSDefault(&client, client.jid().server());
      tls->init();
      tls->setCACerts({options.ca});
      client.setEncryptionImpl(tls);
    }
    client.registerConnectionListener(this);
    client.registerStanzaExtension(new ProxyAddress);
    client.disco()->setIdentity("client", "pc", "gloox");
    // gloox lists none of these by itself, so nobody who asks first would offer it a file.
    for (const char *feature : {"http://jabber.org/protocol/si", "http://jabber.org/protocol/si/profile/file-transfer",
                                "http://jabber.org/protocol/bytestreams", "http://jabber.org/protocol/ibb"}) {
      client.disco()->addFeature(feature);
    }
    client.logInstance().registerLogHandler(LogLevelDebug, LogAreaAll, this);
  }

  int run() {
    if (!client.connect(false)) return 3;
    const auto end = Clock::now() + std::chrono::duration<double>(options.seconds);
    while (!outcome) {
      if (Clock::now() > end) outcome = 4;
      step();
    }
    if (current.stream) ft.dispose(current.stream);
    client.disconnect();
    return *outcome;
  }

private:
  void step() {
    const bool streaming = current.stream && current.stream->type() == Bytestream::S5B;
    const bool sending = current.open && options.send && current.done < current.data.size();
    const ConnectionError error = client.recv(streaming || sending ? 0 : 5000);
    if (error != ConnNoError) {
      std::cerr << "gloox: the server's stream ended: " << error << "\n";
      if (!outcome) outcome = online ? 1 : 3;
      return;
    }
    if (options.send && listening) server.recv(streaming ? 0 : 1000);
    if (streaming && !sending) current.stream->recv(2000);
    if (sending) send_piece();
    judge();
  }

  // --- sending ---

  void add_host(const JID &jid, const std::string &host, int port) {
    ft.addStreamHost(jid, host, port);
    ++hosts;
  }

  void next_file() {
    if (next == options.files.size()) {
      outcome = 0;
      return;
    }
    const std::string &path = options.files[next++];
    std::ifstream in(path, std::ios::binary);
    if (!in) return fail("cannot read " + path);
    current = Transfer();
    current.path = path;
    current.name = path.substr(path.rfind('/') + 1);
    current.data.assign(std::istreambuf_iterator<char>(in), {});
    current.size = current.data.size();
    int types = options.socks() && hosts ? SIProfileFT::FTTypeS5B : 0;
    if (options.method == "auto" || options.method == "inband") types |= SIProfileFT::FTTypeIBB;
    // gloox would offer SOCKS5 and then, without a streamhost, never say another word.
    types ? offer(types) : fail("no streamhost is known");
  }

  void offer(int types) {
    MD5 md5;
    md5.feed(current.data);
    md5.finalize();
    current.begun = current.moved = Clock::now();
    current.sid = ft.requestFT(JID(options.to), current.name, static_cast<long>(current.size), md5.hex(), EmptyString,
                               EmptyString, EmptyString, types);
    // QRK-12
    if (current.sid.empty()) fail("gloox does not offer " + current.name + " of " + std::to_string(current.size) + " bytes");
  }

  void send_piece() {
    const std::string piece = current.data.substr(current.done, PIECE_BYTES);
    if (!current.stream->send(piece)) {
      current.failed = true;
      return;
    }
    current.done += piece.size();
    current.moved = Clock::now();
    if (current.stream->type() == Bytestream::IBB) {
      const size_t block = static_cast<InBandBytestream *>(current.stream)->blockSize();
      current.blocks += (piece.size() + block - 1) / block;
    }
  }

  // --- both ---

  // Says what has become of the file, outside gloox's own calls: it must not lose a stream while it uses it.
  void judge() {
    if (outcome) return;
    if (current.sid.empty() && !waiting.empty()) {
      const Offer offer = waiting.front();
      waiting.pop_front();
      answer(offer);
    }
    if (current.sid.empty()) return;
    if (current.stream && !current.open && !current.failed && begin_stream) {
      begin_stream = false;
      current.failed = !current.stream->connect();
    }
    const bool in_band = current.stream && current.stream->type() == Bytestream::IBB;
    const bool all = current.done == current.size;
    const bool ended = options.send ? all && current.open && (!in_band || current.acknowledged >= current.blocks)
                                    : all && (current.closed || !in_band) && (current.open || current.closed);
    if (ended) return finish();
    const std::chrono::duration<double> still = Clock::now() - current.moved;
    if (current.closed && !all) current.failed = true;
    if ((current.stream || options.send) && still.count() > options.stall) current.failed = true;
    if (current.failed) fall_back();
  }

  void finish() {
    const std::chrono::duration<double> took = Clock::now() - current.begun;
    const char *method = current.stream->type() == Bytestream::IBB ? "inband" : mediated() ? "mediated" : "direct";
    if (!options.send) {
      std::ofstream out(options.dir + "/" + current.name, std::ios::binary);
      out.write(current.data.data(), static_cast<std::streamsize>(current.data.size()));
    }
    std::printf("%s %s bytes=%zu method=%s seconds=%.3f\n", options.send ? "sent" : "received", current.name.c_str(),
                current.data.size(), method, took.count());
    std::fflush(stdout);
    drop_stream();
    current = Transfer();
    if (options.send) return next_file();
    if (--left == 0) outcome = 0;
  }

  void fall_back() {
    drop_stream();
    if (!options.send) {
      // The sender may come back with another offer; until then the time limit runs.
      std::cerr << "gloox: " << current.name << " failed after " << current.done << " bytes\n";
      current = Transfer();
      return;
    }
    if (options.method != "auto" || current.again || current.done) return fail(current.name + " failed");
    std::cerr << "gloox: SOCKS5 failed, in band follows\n";
    current.again = true;
    current.failed = current.closed = current.open = current.met = false;
    current.used.clear();
    offer(SIProfileFT::FTTypeIBB);
  }

  bool mediated() const { return JID(current.used).bare() != current.stream->initiator().bare(); }

  void drop_stream() {
    const bool unopened = current.stream && !current.open && current.stream->type() == Bytestream::S5B;
    // Only this tells the other side that no streamhost could be reached (QRK-47).
    if (unopened && !options.send) ft.cancel(current.stream);
    else if (current.stream) ft.dispose(current.stream);
    current.stream = nullptr;
  }

  void fail(const std::string &why) {
    std::cerr << "gloox: " << why << "\n";
    outcome = 1;
  }

  // --- what gloox tells: the XMPP stream ---

  void onConnect() override {
    online = true;
    client.setPresence(Presence::Available, 0);
    std::cout << "ready jid=" << client.jid().full() << std::endl;
    if (!options.send) return;
    for (const StreamHost &host : options.hosts) add_host(host.jid ? host.jid : client.jid(), host.host, host.port);
    if (options.direct()) {
      if (server.listen() != ConnNoError) return fail("cannot listen on 127.0.0.1");
      listening = true;
      ft.registerSOCKS5BytestreamServer(&server);
      add_host(client.jid(), "127.0.0.1", server.localPort());
    }
    if (!options.mediated()) return next_file();
    asked = 1;
    client.disco()->getDiscoItems(JID(client.jid().server()), EmptyString, this, 0);
  }

  void onDisconnect(ConnectionError error) override {
    if (outcome) return;
    std::cerr << "gloox: disconnected: " << error << ", login: " << client.authError() << "\n";
    outcome = online ? 1 : 3;
  }

  bool onTLSConnect(const CertInfo &info) override {
    if (info.status != CertOk) std::cerr << "gloox: certificate status " << info.status << "\n";
    return options.ca.empty() || info.status == CertOk;
  }

  // --- proxies ---

  void answered() {
    if (--asked == 0) next_file();
  }
  void handleDiscoItems(const JID &, const Disco::Items &items, int) override {
    for (const Disco::Item *item : items.items()) {
      ++asked;
      client.disco()->getDiscoInfo(item->jid(), EmptyString, this, 0);
    }
    answered();
  }
  void handleDiscoInfo(const JID &from, const Disco::Info &info, int) override {
    for (const Disco::Identity *identity : info.identities()) {
      if (identity->category() != "proxy" || identity->type() != "bytestreams") continue;
      IQ iq(IQ::Get, from, client.getID());
      iq.addExtension(new ProxyAddress);
      ++asked;
      client.send(iq, this, 0);
    }
    answered();
  }
  void handleDiscoError(const JID &, const Error *, int) override { answered(); }
  bool handleIq(const IQ &) override { return false; }
  void handleIqID(const IQ &iq, int) override {
    if (const ProxyAddress *address = iq.findExtension<ProxyAddress>(ProxyAddress::TYPE)) {
      for (const StreamHost &host : address->hosts) add_host(host.jid, host.host, host.port);
    }
    answered();
  }

  // --- stream initiation ---

  void handleFTRequest(const JID &from, const JID &, const std::string &sid, const std::string &name, long size,
                       const std::string &, const std::string &, const std::string &, const std::string &,
                       int types) override {
    if (options.send) return ft.declineFT(from, sid, SIManager::RequestRejected, "this one sends");
    const Offer offer{from, sid, name, size, types};
    // The sender may be done with a file whose last bytes are still on their way here.
    current.open ? waiting.push_back(offer) : answer(offer);
  }
  void answer(const Offer &offer) {
    const auto &[from, sid, name, size, types] = offer;
    const bool socks = types & SIProfileFT::FTTypeS5B, in_band = types & SIProfileFT::FTTypeIBB;
    if (!(options.socks() && socks) && !(in_band && (options.method == "auto" || !options.socks()))) {
      return ft.declineFT(from, sid, SIManager::NoValidStreams, "");
    }
    // An offer that got nowhere gives way to the next one.
    drop_stream();
    current = Transfer();
    current.sid = sid;
    current.size = static_cast<size_t>(size);
    current.name = name.substr(name.rfind('/') + 1);
    ft.acceptFT(from, sid, options.socks() && socks ? SIProfileFT::FTTypeS5B : SIProfileFT::FTTypeIBB);
  }
  void handleFTRequestError(const IQ &iq, const std::string &) override {
    std::cerr << "gloox: refused, condition " << (iq.error() ? iq.error()->error() : -1) << "\n";
    current.failed = true;
  }
  void handleFTBytestream(Bytestream *stream) override {
    current.stream = stream;
    current.moved = Clock::now();
    stream->registerBytestreamDataHandler(this);
    if (stream->type() == Bytestream::IBB) static_cast<InBandBytestream *>(stream)->setBlockSize(options.block);
    // In band the sender asks to open, in SOCKS5 both ends dial.
    begin_stream = options.send || stream->type() == Bytestream::S5B;
  }
  const std::string handleOOBRequestResult(const JID &, const JID &, const std::string &) override { return {}; }

  // --- the bytestream ---

  void handleBytestreamData(Bytestream *, const std::string &data) override {
    current.data += data;
    current.done = current.data.size();
    current.moved = Clock::now();
  }
  void handleBytestreamDataAck(Bytestream *) override {
    ++current.acknowledged;
    current.moved = Clock::now();
  }
  void handleBytestreamError(Bytestream *, const IQ &) override { current.failed = true; }
  void handleBytestreamOpen(Bytestream *stream) override {
    // A sender hears it twice through a proxy: when the proxy has taken its stream, and when it has activated it. Only
    // then may bytes be sent (S5B-10).
    const bool early = options.send && stream->type() == Bytestream::S5B && mediated() && !current.met;
    current.met = true;
    current.open = !early;
  }
  void handleBytestreamClose(Bytestream *) override { current.closed = true; }

  // gloox tells nobody which streamhost it uses, only its log.
  void handleLog(LogLevel, LogArea area, const std::string &text) override {
    if (options.verbose) std::cerr << area << " " << text << "\n";
    if (!(area & (LogAreaXmlIncoming | LogAreaXmlOutgoing))) return;
    const size_t used = text.find("<streamhost-used");
    const size_t jid = used == std::string::npos ? used : text.find("jid=", used);
    if (jid == std::string::npos || jid + 5 > text.size()) return;
    current.used = text.substr(jid + 5, text.find(text[jid + 4], jid + 5) - jid - 5);
  }

  const Options &options;
  Client client;
  SIProfileFT ft;
  SOCKS5BytestreamServer server;
  Transfer current;
  std::deque<Offer> waiting;
  std::optional<int> outcome;
  size_t next = 0;
  int left, asked = 0, hosts = 0;
  bool online = false, listening = false, begin_stream = false;
};

// `HOST:PORT`, from the right: an IPv6 address has colons of its own.
static bool split(const std::string &text, std::string &host, int &port) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return false;
  host = text.substr(0, colon);
  port = std::atoi(text.c_str() + colon + 1);
  return port > 0;
}

static bool read_options(int count, char **words, Options &options) {
  if (count < 2) return false;
  options.send = std::string(words[1]) == "send";
  if (!options.send && std::string(words[1]) != "recv") return false;
  const char *password = std::getenv("XFT_PASSWORD");
  if (password) options.password = password;
  for (int at = 2; at < count; ++at) {
    const std::string name = words[at];
    if (name.rfind("--", 0) != 0) {
      options.files.push_back(name);
      continue;
    }
    if (name == "--verbose" || name == "--only") {
      (name == "--only" ? options.only : options.verbose) = true;
      continue;
    }
    if (++at == count) return false;
    const std::string value = words[at];
    if (name == "--server") {
      if (!split(value, options.host, options.port)) return false;
    } else if (name == "--streamhost") {
      const size_t equals = value.find('=');
      StreamHost host;
      if (equals != std::string::npos) host.jid = JID(value.substr(0, equals));
      if (!split(equals == std::string::npos ? value : value.substr(equals + 1), host.host, host.port)) return false;
      options.hosts.push_back(host);
    } else if (name == "--password-file") {
      std::ifstream in(value);
      std::getline(in, options.password);
    } else if (name == "--jid") {
      options.jid = value;
    } else if (name == "--ca") {
      options.ca = value;
    } else if (name == "--dir") {
      options.dir = value;
    } else if (name == "--to") {
      options.to = value;
    } else if (name == "--method") {
      options.method = value;
    } else if (name == "--count") {
      options.count = std::atoi(value.c_str());
    } else if (name == "--block") {
      options.block = std::atoi(value.c_str());
    } else if (name == "--seconds") {
      options.seconds = std::atof(value.c_str());
    } else if (name == "--stall") {
      options.stall = std::atof(value.c_str());
    } else if (name == "--tls") {
      if (value != "starttls") return false;
    } else {
      return false;
    }
  }
  const std::vector<std::string> methods{"auto", "direct", "mediated", "inband"};
  bool known = false;
  for (const std::string &method : methods) known = known || method == options.method;
  const bool complete = options.send ? !options.to.empty() && !options.files.empty() : !options.dir.empty();
  return known && complete && !options.jid.empty() && options.port;
}

int main(int count, char **words) {
  // A stream that the other side has closed is an error to be told, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  Options options;
  if (!read_options(count, words, options)) {
    std::cerr << "usage: gloox recv|send, see the top of gloox.cpp\n";
    return 2;
  }
  return Peer(options).run();
}
