#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string_view>

#include "porter/connection.hpp"
#include "server/handshake.hpp"
#include "server/house.hpp"
#include "server/peer.hpp"

namespace porter::rooms::server {

/// The phase after access: takes up frames one after another, hands text and data to the service and deals with the
/// rest underneath. It is what porter::connection is a face of.
class exchange {
public:
    /// The arguments outlive it.
    exchange(peer& visitor, house const& house, guest& admitted) : peer_(visitor), house_(house), guest_(admitted) {}

    /// What the service sees of it.
    connection& face() noexcept { return face_; }

    /// A service is other people's code: what escapes it ends this connection, never the server.
    void report_escaped(std::exception_ptr what);

    // What porter::connection offers; documented there.
    task<std::optional<batch>> receive_some();
    message const* next();
    message const& current() const noexcept { return current_; }  ///< what next() gave last
    void reply(message const& answer);
    task<bool> flush();

    guest const& who() const noexcept { return guest_; }
    peer const& from() const noexcept { return peer_; }

    /// Says denied(not_supported) to a message that the service has no use for.
    void deny_message();

private:
    void note_defect(std::string_view what);
    /// What a service is about to see, or nothing: then a request waits for its answer, or it is over.
    message const* take_up(base::bytes_view frame);
    bool is_current(message const& answer) const noexcept;

    connection face_{*this};
    peer& peer_;
    house const& house_;
    guest& guest_;
    message current_;  // what next() gave last, while it is in the input
    // next() could not answer it, because that takes a suspension. Few ever have one, so there is no place for it here.
    std::unique_ptr<protocol::request> waiting_;
};

}  // namespace porter::rooms::server
