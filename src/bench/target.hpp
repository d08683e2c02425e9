#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/config.hpp"
#include "bench/endpoint.hpp"
#include "bench/login.hpp"
#include "porter/result.hpp"

namespace porter::detail::bench {

/// An account that was registered for the measurement.
struct account {
    std::string name;
    std::string password;
    std::string token;  ///< of the session that its registration opened
};

/// The server under load, with the accounts for it. Immutable, so all load threads may read it.
class target {
public:
    /// Connects once to find the server's address and access mode, and registers the accounts that the mode needs, one
    /// after another, because each costs the server a password hash. `on_register` is called before each.
    static result<target, fault> set_up(config const& config, void (*on_register)(unsigned index, unsigned count));

    /// The request of the connection with this number. Numbers count from 0 over all threads and measurements.
    access_request access_request_of(std::uint64_t number) const;

    /// Its route. In identify access each registration needs a new source address; of a server on 127.0.0.1 the
    /// accounts that log in or resume have an address each, as those of clients have: the server records whenever
    /// another account is seen at an address.
    route route_of(std::uint64_t number) const;

    bool uses_tls() const noexcept { return tls_ != nullptr; }
    protocol::access_mode access() const noexcept { return access_; }
    std::string const& server() const noexcept { return server_; }

private:
    target(config const& config, bench::endpoint const& endpoint, std::shared_ptr<tls::client_context const> tls,
           login const& probe);
    std::optional<fault> validation_error(config const& config) const;
    bool needs_accounts() const noexcept;
    std::optional<endpoint> source_of_account(std::uint64_t index) const;
    std::string unused_name(std::uint64_t number) const;

    mode mode_;
    std::string host_;
    bench::endpoint endpoint_;
    std::shared_ptr<tls::client_context const> tls_;  // null: plaintext
    protocol::access_mode access_;
    std::uint32_t max_frame_;
    std::string server_;
    std::string run_;       // makes the names of this run unique
    std::string password_;  // random: the accounts remain on the server
    std::uint32_t first_source_;
    std::vector<account> accounts_;
};

}  // namespace porter::detail::bench
