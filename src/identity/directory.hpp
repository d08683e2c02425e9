#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/result.hpp"
#include "store/ports.hpp"

namespace porter::detail::identity {

/// The name last recorded for an address: a hint to greet with, no proof. Only the directory constructs one.
class claim {
public:
    identity::address const& address() const noexcept { return address_; }
    /// Empty when the address is not known.
    std::string const& name() const noexcept { return name_; }
    bool known() const noexcept { return !name_.empty(); }

private:
    friend class directory;
    claim(identity::address from, std::string name) : address_(std::move(from)), name_(std::move(name)) {}

    identity::address address_;
    std::string name_;
};

/// Maps addresses to the names last seen at them. Safe from any I/O thread.
class directory {
public:
    directory(store::addresses& addresses, base::clock const& clock, log::logger& log);

    /// Looks up an address. A failure of the store is logged, and the claim is then empty.
    task<claim> lookup(address from);

    /// The empty claim, without a question to the store.
    static claim unnamed(address from) { return {std::move(from), std::string{}}; }

    /// Records the name that a client gives for its address. Errors: invalid_name (the reason names the rule),
    /// unavailable.
    task<result<claim>> set_name(address from, std::string name);

    /// Records that an account was accessed from an address, which is then greeted by that name. A failure is only
    /// logged.
    task<void> record_login(address from, std::string name, store::account_id account);

private:
    store::addresses& addresses_;
    base::clock const& clock_;
    log::logger& log_;
};

}  // namespace porter::detail::identity
