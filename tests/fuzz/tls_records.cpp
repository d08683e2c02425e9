// Two TLS engines with damaged records between them: neither crashes, and neither returns a byte that the other did not
// send. Input: for each record a byte that selects the damage, and its parameters.
#include "base/bytes.hpp"
#include "fuzz/fuzzer.hpp"
#include "tls/contexts.hpp"
#include "tls/engine.hpp"

namespace porter::fuzzing {
namespace {

using detail::base::as_bytes;
using detail::base::as_text;
using testing::contexts;
using testing::tls::engine;
using progress = engine::progress;

/// One end of the connection, with the plaintext that it sent and received.
class side {
public:
    template <typename... Arguments>
    explicit side(std::string_view text, Arguments const&... arguments) : engine_(arguments...), text_(text)
    {}

    /// Runs the handshake, sends the text, and receives the input, as far as possible.
    void advance()
    {
        if (!engine_.is_established() && engine_.handshake() != progress::done) return;
        std::size_t size = 0;
        if (writes_left_ > 0 && engine_.bytes().output().empty() &&
            engine_.write(as_bytes(text_), size) == progress::done) {
            --writes_left_;
            sent_.append(text_, 0, size);
        }
        std::string buffer(10, '\0');  // smaller than a record
        while (engine_.read(std::as_writable_bytes(std::span{buffer}), size) == progress::done)
            received_.append(buffer, 0, size);
    }

    /// Takes the output, split into records; an incomplete rest counts as one.
    std::vector<std::string> records()
    {
        std::vector<std::string> all;
        auto output = as_text(engine_.bytes().output());
        auto const sent = output.size();
        while (!output.empty()) {
            std::size_t size = output.size();
            if (size > 5)
                size = 5U + static_cast<unsigned char>(output[3]) * 256U + static_cast<unsigned char>(output[4]);
            all.emplace_back(output.substr(0, size));
            output.remove_prefix(all.back().size());
        }
        if (sent > 0) engine_.bytes().consume(sent);
        return all;
    }

    void take(std::string_view bytes)
    {
        while (!bytes.empty()) {
            auto const space = engine_.bytes().free_space();
            if (space.empty()) return;  // the engine has failed: a connection would have ended
            auto const size = std::min(space.size(), bytes.size());
            std::copy_n(as_bytes(bytes).begin(), size, space.begin());
            engine_.bytes().commit(size);
            bytes.remove_prefix(size);
            advance();
        }
    }

    void end_of_input()
    {
        if (!engine_.bytes().has_input()) engine_.bytes().end_input();
        advance();
    }

    void close() { engine_.close(); }
    std::string const& sent_text() const { return sent_; }
    std::string const& received_text() const { return received_; }
    bool is_established() const { return engine_.is_established(); }

private:
    engine engine_;
    std::string text_;
    std::string sent_;
    std::string received_;
    int writes_left_ = 3;
};

/// Damages a record as the next bytes of the input select.
std::string damaged(std::string record, std::string& kept, chooser& choice)
{
    switch (choice.byte()) {
        case 1:
            record[choice.word() % record.size()] ^= static_cast<char>(1 << choice.byte() % 8);
            return record;
        case 2:
            return record.substr(0, choice.word() % record.size());
        case 3:
            return record + record;
        case 4:
            return {};
        case 5:
            std::swap(record, kept);  // it is sent later, instead of another one
            return record;
        case 6:
            return std::string{choice.take(choice.byte())} + record;
        case 7:
            return record + std::string{choice.take(choice.byte())};
        case 8:
            record[0] = static_cast<char>(choice.byte());
            return record;
        case 9:
            if (record.size() > 4) record[4] = static_cast<char>(choice.byte());
            return record;
        default:
            return record;
    }
}

}  // namespace

void check(std::string_view input)
{
    static contexts const sides;
    side client{"text of the client. ", sides.client, std::string{"localhost"}};
    side server{"text of the server. ", sides.server};
    chooser choice{input};
    std::string kept_of_client;
    std::string kept_of_server;
    bool const untouched = input.empty();
    for (int round = 0; round < 12; ++round) {
        client.advance();
        if (round == 9) client.close();
        for (auto const& record : client.records()) server.take(damaged(record, kept_of_client, choice));
        server.advance();
        if (round == 9) server.close();
        for (auto const& record : server.records()) client.take(damaged(record, kept_of_server, choice));
    }
    client.end_of_input();
    server.end_of_input();
    require(client.sent_text().starts_with(server.received_text()),
            "a server receives a prefix of what the client sent");
    require(server.sent_text().starts_with(client.received_text()),
            "a client receives a prefix of what the server sent");
    if (!untouched) return;
    require(client.is_established() && server.is_established(), "without damage the handshake succeeds");
    require(server.received_text() == client.sent_text() && !server.received_text().empty(),
            "the server receives everything");
    require(client.received_text() == server.sent_text() && !client.received_text().empty(),
            "the client receives everything");
}

}  // namespace porter::fuzzing
