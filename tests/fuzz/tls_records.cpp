// Two TLS engines and records that are damaged on their way between them: neither crashes, and neither hands out a byte
// that the other did not send. Input: for each record that is carried a byte that says what is done to it, with what
// that needs.
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

/// One end of the connection, with what it said and heard in the clear.
class side {
public:
    template <typename... Arguments>
    explicit side(std::string_view text, Arguments const&... arguments) : engine_(arguments...), text_(text)
    {}

    /// Goes on as far as that is possible: shakes hands, says its text, hears what there is.
    void go_on()
    {
        if (!engine_.is_established() && engine_.handshake() != progress::done) return;
        std::size_t size = 0;
        if (turns_ > 0 && engine_.bytes().output().empty() && engine_.write(as_bytes(text_), size) == progress::done) {
            --turns_;
            said_.append(text_, 0, size);
        }
        std::string room(10, '\0');  // less than a record holds
        while (engine_.read(std::as_writable_bytes(std::span{room}), size) == progress::done)
            heard_.append(room, 0, size);
    }

    /// The records that it has to send; what is no whole record is one.
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
        if (sent > 0) engine_.bytes().sent(sent);
        return all;
    }

    void take(std::string_view bytes)
    {
        while (!bytes.empty()) {
            auto const room = engine_.bytes().room();
            if (room.empty()) return;  // what is here is not taken: a connection would have ended
            auto const size = std::min(room.size(), bytes.size());
            std::copy_n(as_bytes(bytes).begin(), size, room.begin());
            engine_.bytes().commit(size);
            bytes.remove_prefix(size);
            go_on();
        }
    }

    void end_of_input()
    {
        if (!engine_.bytes().has_input()) engine_.bytes().input_ended();
        go_on();
    }

    void close() { engine_.close(); }
    std::string const& said() const { return said_; }
    std::string const& heard() const { return heard_; }
    bool is_established() const { return engine_.is_established(); }

private:
    engine engine_;
    std::string text_;
    std::string said_;
    std::string heard_;
    int turns_ = 3;
};

/// What becomes of a record by the next bytes of the input.
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
            std::swap(record, kept);  // it comes later, in the place of another one
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
    static contexts const made;
    side client{"the client says this. ", made.client, std::string{"localhost"}};
    side server{"the server says that. ", made.server};
    chooser choice{input};
    std::string kept_of_client;
    std::string kept_of_server;
    bool const untouched = input.empty();
    for (int round = 0; round < 12; ++round) {
        client.go_on();
        if (round == 9) client.close();
        for (auto const& record : client.records()) server.take(damaged(record, kept_of_client, choice));
        server.go_on();
        if (round == 9) server.close();
        for (auto const& record : server.records()) client.take(damaged(record, kept_of_server, choice));
    }
    client.end_of_input();
    server.end_of_input();
    require(client.said().starts_with(server.heard()), "a server hears what the client said, from its beginning");
    require(server.said().starts_with(client.heard()), "a client hears what the server said, from its beginning");
    if (!untouched) return;
    require(client.is_established() && server.is_established(), "left in peace, they come to an agreement");
    require(server.heard() == client.said() && !server.heard().empty(), "and all arrives");
    require(client.heard() == server.said() && !client.heard().empty(), "both ways");
}

}  // namespace porter::fuzzing
