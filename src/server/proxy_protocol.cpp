#include "server/proxy_protocol.hpp"

namespace porter::detail::server {
namespace {

/// Bytes that are looked at in one go: few, because a header is short and none may come.
constexpr std::size_t step = 256;

close_reason no_header(std::string const& why)
{
    return close_reason::local(code::protocol_error, "a PROXY header is required here: " + why);
}

}  // namespace

task<result<proxy_header, close_reason>> read_proxy_header(base::tcp_socket& socket)
{
    // Looked at first and taken afterwards, because only then it is known how much of it is the header.
    std::string begun;
    std::size_t taken = 0;
    for (;;) {
        auto [failed] = co_await socket.async_wait(base::tcp_socket::wait_read, base::use_tuple);
        if (failed) co_return unexpected(close_reason::lost(failed.message()));
        begun.resize(taken + step);
        auto const room = asio::buffer(begun) + taken;
        base::error_code error;
        auto const seen = socket.receive(room, base::tcp_socket::message_peek, error);
        if (error == asio::error::would_block) continue;
        if (error == asio::error::eof || (!error && seen == 0)) {
            co_return unexpected(taken == 0 ? close_reason::half_closed() : close_reason::truncated());
        }
        if (error) co_return unexpected(close_reason::lost(error.message()));

        auto const header = parse_proxy_header(std::string_view{begun}.substr(0, taken + seen));
        if (!header) co_return unexpected(no_header(header.error()));
        auto const wanted = *header ? (*header)->size - taken : seen;
        taken += socket.receive(asio::buffer(room, wanted), 0, error);
        if (error) co_return unexpected(close_reason::lost(error.message()));
        if (*header) co_return **header;
    }
}

}  // namespace porter::detail::server
