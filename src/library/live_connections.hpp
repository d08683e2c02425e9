#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "control/connections.hpp"
#include "library/monitored.hpp"
#include "server/tcp_server.hpp"

namespace porter::detail::library {

/// The connections of a tcp_server, and the load of the server that it belongs to, for its control socket.
class live_connections final : public control::connections {
public:
    /// `server`, and the modules that `parts` returns, outlive this.
    live_connections(server::tcp_server& server, std::function<monitored()> parts)
        : server_(server), parts_(std::move(parts))
    {}

    task<std::vector<connection_info>> list(std::uint64_t after, std::size_t limit) override
    {
        return server_.list_connections(after, limit);
    }
    task<control::server_sample> sample(control::connection_order order) override;
    task<std::size_t> close(std::vector<std::uint64_t> ids, std::string reason) override
    {
        return server_.close_connections(std::move(ids), std::move(reason));
    }
    std::size_t count() const override { return server_.connections(); }

private:
    server::tcp_server& server_;
    std::function<monitored()> parts_;
};

}  // namespace porter::detail::library
