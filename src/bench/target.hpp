#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/config.hpp"
#include "bench/endpoint.hpp"
#include "bench/login.hpp"

namespace porter::detail::bench {

/// An account that was registered for the measurement.
struct account {
    std::string name;
    std::string password;
    std::string token;  ///< of the session that its registration opened
};

/// The server as it was found, and what visitors need to get in. Read by all load threads, changed by none.
class target {
public:
    /// Connects once to learn where the server is and what it wants, and registers the accounts that the plan's mode
    /// needs there: one after another, since each costs the server a password hash. `tell` is called before each one.
    static result<target, fault> set_up(config const& wanted, void (*tell)(unsigned made, unsigned of));

    /// What the visitor with this number asks for. Numbers count from 0, all threads and measurements together.
    access_request access_request_of(std::uint64_t visit) const;

    /// How it comes. A name that is given by address needs a new one each time.
    route route_of(std::uint64_t visit) const;

    bool is_secure() const noexcept { return secure_ != nullptr; }
    protocol::access_mode access() const noexcept { return access_; }
    std::string const& server() const noexcept { return server_; }

private:
    target(config const& wanted, endpoint const& where, std::shared_ptr<tls::client_context const> secure,
           login const& seen);
    std::optional<fault> validation_error(config const& wanted) const;
    bool needs_accounts() const noexcept;
    std::string unused_name(std::uint64_t number) const;

    mode mode_;
    std::string host_;
    endpoint endpoints_;
    std::shared_ptr<tls::client_context const> secure_;  // null: in the clear
    protocol::access_mode access_;
    std::uint32_t max_frame_;
    std::string server_;
    std::string run_;       // distinguishes this measurement's names from those of others before
    std::string password_;  // of the accounts that visits make: nobody is to guess it afterwards
    std::uint32_t first_source_;
    std::vector<account> accounts_;
};

}  // namespace porter::detail::bench
