#pragma once

#include <string>

#include "porter/secret.hpp"
#include "programs/porter/connector.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/options.hpp"
#include "programs/porter/prompts.hpp"

namespace porter::programs {

/// Reads the name, the code and the password from the files of the options or, on a terminal, asks the user for them.
/// Sends nothing. Each operation fails with an exit_status if the user quits, a file cannot be read, or what is needed
/// is missing and there is no terminal.
class credential_reader {
public:
    /// `connection` prints the warnings about files. `prompts`: null without a terminal. All arguments must outlive the
    /// object.
    credential_reader(porter_options const& options, connector& connection, console& console, prompts* prompts);

    /// A valid name. An empty answer takes the proposal. `is_registration`: for a new account.
    task<outcome<std::string>> read_name(std::string proposal, bool is_registration);

    /// Whether the user wants a new account. Requires a terminal.
    task<outcome<bool>> ask_registration();

    /// The code of the code file, or of the user.
    task<outcome<secret>> read_code();

    /// Asks until the answer can be a code, so that no mistyped one is sent. Empty: the answer was empty. Requires a
    /// terminal.
    task<outcome<secret>> ask_code(std::string prompt);

    /// The password of the password file, or of the user. Empty: the user's answer was empty. `is_registration`: a new
    /// password, which is asked for twice.
    task<outcome<secret>> read_password(std::string name, bool is_registration);

private:
    task<outcome<secret>> ask_password(std::string name, bool is_registration);

    porter_options const& options_;
    connector& connector_;
    console& console_;
    prompts* prompts_;
    bool password_rule_shown_ = false;  // the rule for a new password
};

}  // namespace porter::programs
