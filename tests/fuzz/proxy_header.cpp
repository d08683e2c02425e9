// The PROXY header: the result is the same for one read and for single bytes. Input: the beginning of a stream.
#include "server/proxy_protocol.hpp"

#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {

using detail::server::longest_proxy_header;
using detail::server::parse_proxy_header;
using detail::server::proxy_header;

namespace {

bool same(proxy_header const& a, proxy_header const& b)
{
    return a.size == b.size && a.client == b.client;
}

/// The signature at the beginning of a PROXY protocol version 2 header.
bool has_signature_2(std::string_view text)
{
    return text.starts_with(std::string_view{"\r\n\r\n\0\r\nQUIT\n", 12});
}

void check_header(proxy_header const& header, std::string_view prefix)
{
    require(header.size == prefix.size(), "a header is found with its last byte");
    require(header.size <= longest_proxy_header, "no header is longer than the limit");
    bool const is_line = prefix.starts_with("PROXY ") && prefix.ends_with("\r\n") && prefix.size() <= 107;
    require(is_line || has_signature_2(prefix), "a header is of one of the two versions");
}

}  // namespace

void check(std::string_view stream)
{
    std::optional<proxy_header> found;
    bool rejected = false;
    auto const step = [&](std::size_t size) {
        auto const prefix = stream.substr(0, size);
        auto const parsed = parse_proxy_header(prefix);
        require(!rejected || !parsed, "an invalid header stays invalid");
        rejected = !parsed;
        if (rejected) {
            require(!found, "bytes after a header change nothing");
            require(!parsed.error().empty(), "an error has a reason");
        } else if (found) {
            require(*parsed && same(**parsed, *found), "bytes after a header are not read");
        } else if (*parsed) {
            check_header(**parsed, prefix);
            found = **parsed;
        }
    };
    for (std::size_t size = 0; size <= stream.size(); ++size) step(size);
    require(found || rejected || stream.size() < longest_proxy_header, "a result is reached within the limit");
}

}  // namespace porter::fuzzing
