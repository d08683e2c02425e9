// The PROXY header: the same whether it comes at once or byte by byte. Input: the beginning of a stream.
#include "server/proxy_header.hpp"

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

/// What the PROXY protocol's version 2 lets stand in front of everything else.
bool has_signature_2(std::string_view text)
{
    return text.starts_with(std::string_view{"\r\n\r\n\0\r\nQUIT\n", 12});
}

void check_header(proxy_header const& header, std::string_view begun)
{
    require(header.size == begun.size(), "a header is found with its last byte");
    require(header.size <= longest_proxy_header, "no header is longer than the limit");
    bool const is_line = begun.starts_with("PROXY ") && begun.ends_with("\r\n") && begun.size() <= 107;
    require(is_line || has_signature_2(begun), "a header is of one of the two versions");
}

}  // namespace

void check(std::string_view stream)
{
    std::optional<proxy_header> found;
    bool refused = false;
    auto const step = [&](std::size_t size) {
        auto const begun = stream.substr(0, size);
        auto const judged = parse_proxy_header(begun);
        require(!refused || !judged, "what is no header does not become one");
        refused = !judged;
        if (refused) {
            require(!found, "what follows a header changes nothing");
            require(!judged.error().empty(), "a refusal says why");
        } else if (found) {
            require(*judged && same(**judged, *found), "what follows a header is not looked at");
        } else if (*judged) {
            check_header(**judged, begun);
            found = **judged;
        }
    };
    for (std::size_t size = 0; size <= stream.size(); ++size) step(size);
    require(found || refused || stream.size() < longest_proxy_header, "a stream is judged within the limit");
}

}  // namespace porter::fuzzing
