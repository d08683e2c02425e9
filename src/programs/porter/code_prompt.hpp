#pragma once

#include "porter/client.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/prompts.hpp"

namespace porter::programs {

/// Whether another answer, or the same one later, may be accepted.
bool may_retry(client_error const& denial);

/// Whether the password was right and a one-time code is required.
bool needs_code(client_result<access_granted> const& access);

/// Asks for one-time codes until the server accepts one, which ends the login of this connection. Without a terminal
/// (`prompts` is null) the result is the error that says that a code is required. Fails with an exit_status if the user
/// quit.
task<outcome<client_result<access_granted>>> prove_by_prompt(client& connection, console& console, prompts* prompts);

}  // namespace porter::programs
