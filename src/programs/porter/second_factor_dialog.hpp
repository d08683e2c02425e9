#pragma once

#include <memory>
#include <string>
#include <utility>

#include "porter/client.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/prompts.hpp"

namespace porter::programs {

/// Sets up or removes the second factor of the account, by questions on the terminal: the command /2fa.
class second_factor_dialog {
public:
    /// `console` and `prompts` must outlive the object. `connection` has access by an account: the dialog uses no other
    /// one, because an enrolment ends with its connection.
    second_factor_dialog(std::shared_ptr<client> connection, console& console, prompts& prompts)
        : client_(std::move(connection)), console_(console), prompts_(prompts)
    {}

    /// Each reports what it did, or why it did nothing.
    task<void> add();
    task<void> remove();

private:
    task<void> confirm();
    void show(std::string const& uri);
    void report(client_error const& error);

    std::shared_ptr<client> client_;
    console& console_;
    prompts& prompts_;
};

}  // namespace porter::programs
