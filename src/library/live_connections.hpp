#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "control/connections.hpp"
#include "server/tcp_server.hpp"

namespace porter::detail::library {

/// The connections of a tcp_server, for its control socket.
class live_connections final : public control::connections {
public:
    /// `server` outlives this.
    explicit live_connections(server::tcp_server& server) noexcept : server_(server) {}

    task<std::vector<connection_info>> list(std::uint64_t after, std::size_t limit) override
    {
        return server_.list_connections(after, limit);
    }
    task<std::size_t> close(std::vector<std::uint64_t> ids, std::string reason) override
    {
        return server_.close_connections(std::move(ids), std::move(reason));
    }
    std::size_t count() const override { return server_.connections(); }

private:
    server::tcp_server& server_;
};

}  // namespace porter::detail::library
