#include "server/proxied.hpp"

namespace porter::rooms::server {
namespace {

/// Bytes that are looked at in one go: few, because a header is short and none may come.
constexpr std::size_t step = 256;

ending no_header(std::string const& why)
{
    return ending::by_us(code::protocol_error, "a PROXY header is required here: " + why);
}

}  // namespace

task<result<proxy_header, ending>> read_proxy_header(base::tcp_socket& socket)
{
    // Looked at first and taken afterwards, because only then it is known how much of it is the header.
    std::string begun;
    std::size_t taken = 0;
    for (;;) {
        auto [failed] = co_await socket.async_wait(base::tcp_socket::wait_read, base::use_tuple);
        if (failed) co_return refuse(ending::lost(failed.message()));
        begun.resize(taken + step);
        auto const room = asio::buffer(begun) + taken;
        base::error_code error;
        auto const seen = socket.receive(room, base::tcp_socket::message_peek, error);
        if (error == asio::error::would_block) continue;
        if (error == asio::error::eof || (!error && seen == 0)) {
            co_return refuse(taken == 0 ? ending::half_closed() : ending::cut_off());
        }
        if (error) co_return refuse(ending::lost(error.message()));

        auto const header = parse_proxy_header(std::string_view{begun}.substr(0, taken + seen));
        if (!header) co_return refuse(no_header(header.error()));
        auto const wanted = *header ? (*header)->size - taken : seen;
        taken += socket.receive(asio::buffer(room, wanted), 0, error);
        if (error) co_return refuse(ending::lost(error.message()));
        if (*header) co_return **header;
    }
}

}  // namespace porter::rooms::server
