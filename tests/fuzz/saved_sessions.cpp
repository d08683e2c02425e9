// The file of saved sessions: a line that is read and written again reads the same. Input: the file.
#include "client/line_parsing.hpp"
#include "client/session_line.hpp"
#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {
namespace {

bool same(saved_session const& a, saved_session const& b)
{
    return a.server == b.server && a.name == b.name && a.expires_at == b.expires_at && a.token.view() == b.token.view();
}

/// A line with a token from the server, which may be any bytes.
void check_hostile_session(std::string_view bytes)
{
    using namespace detail::client;
    chooser choice{bytes};
    saved_session session;
    session.server.host = choice.take(choice.byte());
    session.server.port = choice.word();
    session.server.transport = choice.byte() % 2 == 0 ? transport::plain : transport::tls;
    session.server.key = choice.take(3);
    session.expires_at = std::chrono::sys_seconds{std::chrono::seconds{choice.word()}};
    session.name = choice.take(choice.byte());
    session.token = secret{choice.rest()};
    auto const written = format_session_line(session);
    if (written.empty()) return;
    require(split_lines(written).size() == 1, "a session is one line, with any token");
    auto const again = parse_session_line(written);
    require(again && same(*again, session), "a written line reads the same");
}

}  // namespace

void check(std::string_view file)
{
    using namespace detail::client;
    for (auto const& line : split_lines(std::string{file})) {
        auto const session = parse_session_line(line);
        if (!session) {
            require(!session.error().empty(), "an error has a reason");
            continue;
        }
        auto const written = format_session_line(*session);
        require(!written.empty(), "a line that was read can be written");
        auto const again = parse_session_line(written);
        require(again && same(*again, *session), "a written line reads the same");
    }
    check_hostile_session(file);
}

}  // namespace porter::fuzzing
