#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/error.hpp"
#include "store/ports.hpp"

namespace porter::detail::identity {

/// Who an address says its visitor is: a hint to greet with, never a proof. Only the directory makes one.
class claim {
public:
    identity::address const& address() const noexcept { return address_; }
    /// The name last recorded for the address; empty: the address is not known.
    std::string const& name() const noexcept { return name_; }
    bool known() const noexcept { return !name_.empty(); }

private:
    friend class directory;
    claim(identity::address from, std::string name) : address_(std::move(from)), name_(std::move(name)) {}

    identity::address address_;
    std::string name_;
};

/// The book of addresses and the names last seen at them.
class directory {
public:
    directory(store::addresses& addresses, base::clock const& clock, log::logger& log);

    /// What is known of an address. When the store is down nothing is known: that is logged, never an error.
    task<claim> lookup(address from);

    /// Records the name that a visitor gives for its address. Errors: invalid_name (the reason says the rule),
    /// unavailable.
    task<result<claim>> set_name(address from, std::string name);

    /// Records that an account was accessed from an address, so that it is greeted by name the next time. The
    /// access stands whether or not this succeeds: a failure is logged.
    task<void> record_login(address from, std::string name, store::account_id account);

private:
    store::addresses& addresses_;
    base::clock const& clock_;
    log::logger& log_;
};

}  // namespace porter::detail::identity
