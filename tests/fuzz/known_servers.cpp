// The file of known servers: each line that is read is written so that it reads the same. Input: the file.
#include "client/fields.hpp"
#include "client/known_server_line.hpp"
#include "fuzz/fuzzer.hpp"
#include "porter/trust.hpp"

namespace porter::fuzzing {

void check(std::string_view file)
{
    using namespace rooms::client;
    for (auto const& line : split_lines(std::string{file})) {
        auto const server = parse_known_server(line);
        if (!server) {
            require(!server.error().empty(), "a refusal says why");
            continue;
        }
        require(is_fingerprint(server->fingerprint), "a key is a fingerprint");
        auto const is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
        require(std::none_of(server->since.begin(), server->since.end(), is_control), "a note is printable");
        require(server->since.size() <= 255, "a note is short");
        auto const written = format_known_server(*server);
        require(!written.empty(), "what was read can be written");
        require(split_lines(written).size() == 1, "a server is one line");
        auto const again = parse_known_server(written);
        require(again && *again == *server, "what is written reads the same");
        auto const colon = server->where.rfind(':');
        auto const port = parse_number<std::uint16_t>(server->where.substr(colon + 1));
        require(port && *port != 0, "a place ends with a port");
    }
}

}  // namespace porter::fuzzing
