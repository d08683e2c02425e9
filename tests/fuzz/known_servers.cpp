// The file of known servers: a line that is read and written again reads the same. Input: the file.
#include "base/number.hpp"
#include "client/known_server_line.hpp"
#include "client/line_parsing.hpp"
#include "fuzz/fuzzer.hpp"
#include "porter/host_key_policy.hpp"

namespace porter::fuzzing {

namespace {

/// Text before a line, visible or not, must not hide the server's key: the line is parsed, or reported as one that may
/// concern the server.
void check_damaged(std::string const& line, std::string const& name)
{
    using namespace detail::client;
    require(parse_known_server(line + '\r').has_value(), "a line with CR LF is read");
    for (std::string const& before : {std::string(1, '\0'), std::string{" "}, std::string{"\t"},
                                      std::string{"\xef\xbb\xbf"}, std::string{"\xc2\xa0"}, std::string{"@revoked "}}) {
        auto const damaged = parse_known_server(before + line);
        require(damaged ? damaged->name == name : may_concern(before + line, name), "no key is overlooked");
    }
}

}  // namespace

void check(std::string_view file)
{
    using namespace detail::client;
    for (auto const& line : split_lines(std::string{file})) {
        auto const server = parse_known_server(line);
        if (!server) {
            require(!server.error().empty(), "an error has a reason");
            continue;
        }
        check_damaged(line, server->name);
        require(is_fingerprint(server->fingerprint), "a key is a fingerprint");
        auto const is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; };
        require(std::none_of(server->first_seen.begin(), server->first_seen.end(), is_control), "a note is printable");
        require(server->first_seen.size() <= 255, "a note is short");
        auto const written = format_known_server(*server);
        require(!written.empty(), "a line that was read can be written");
        require(split_lines(written).size() == 1, "a server is one line");
        auto const again = parse_known_server(written);
        require(again && *again == *server, "a written line reads the same");
        auto const colon = server->name.rfind(':');
        auto const port = detail::base::parse_number<std::uint16_t>(server->name.substr(colon + 1));
        require(port && *port != 0, "a server name ends with a port");
    }
}

}  // namespace porter::fuzzing
