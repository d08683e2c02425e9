#include "server/traffic.hpp"

#include "protocol/kinds.hpp"

namespace porter::detail::server {

void traffic::trace(std::string_view event, identity::address const& peer, std::byte kind, std::size_t payload) const
{
    auto const name = protocol::name_of(static_cast<protocol::kind>(kind));
    auto const shown = name.empty() ? log::field{"kind", std::to_integer<int>(kind)} : log::field{"kind", name};
    log_.with(peer).trace(event, {shown, {"bytes", frame_header_size + payload}});
}

}  // namespace porter::detail::server
