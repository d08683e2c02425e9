#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string_view>

#include "porter/connection.hpp"
#include "server/access_phase.hpp"
#include "server/connection.hpp"
#include "server/server_context.hpp"

namespace porter::detail::server {

/// The phase after access: takes up frames one after another, hands text and data to the service and deals with the
/// rest underneath. It is what porter::connection is a face of.
class message_loop {
public:
    /// The arguments outlive it.
    message_loop(connection& conn, server_context const& ctx, authenticated_client& admitted)
        : conn_(conn), ctx_(ctx), client_(admitted)
    {}

    /// What the service sees of it.
    porter::connection& public_connection() noexcept { return public_connection_; }

    /// A service is other people's code: what escapes it ends this connection, never the server.
    void report_defect(std::exception_ptr what);

    // What porter::connection offers; documented there.
    task<std::optional<batch>> receive_some();
    message const* next();
    message const& current() const noexcept { return current_; }  ///< what next() gave last
    void reply(message const& answer);
    task<bool> flush();

    authenticated_client const& client() const noexcept { return client_; }
    connection const& conn() const noexcept { return conn_; }

    /// Says denied(not_supported) to a message that the service has no use for.
    void deny_unsupported();

private:
    void log_defect(std::string_view what);
    /// What a service is about to see, or nothing: then a request waits for its answer, or it is over.
    message const* dispatch(base::bytes_view frame);
    bool is_current(message const& answer) const noexcept;

    porter::connection public_connection_{*this};
    connection& conn_;
    server_context const& ctx_;
    authenticated_client& client_;
    message current_;  // what next() gave last, while it is in the input
    // next() could not answer it, because that takes a suspension. Few ever have one, so there is no place for it here.
    std::unique_ptr<protocol::request> pending_;
};

}  // namespace porter::detail::server
