#include "programs/porter/code_prompt.hpp"

#include <utility>

namespace porter::programs {

bool may_retry(client_error const& denial)
{
    if (denial.cause != client_errc::denied) return false;
    switch (denial.code) {
        case code::bad_credentials:
        case code::name_taken:
        case code::invalid_name:
        case code::weak_password:
        case code::busy:
        case code::unavailable:
            return true;
        case code::throttled:
            return denial.retry_after.count() > 0;
        default:
            return false;
    }
}

bool needs_code(client_result<access_granted> const& access)
{
    return !access && access.error().cause == client_errc::denied && access.error().code == code::second_factor;
}

task<outcome<client_result<access_granted>>> prove_by_prompt(client& connection, console& console, prompts* prompts)
{
    if (prompts == nullptr) {
        co_return client_result<access_granted>{
            unexpected(client_error{client_errc::denied, {code::second_factor, "a one-time code is required"}})};
    }
    prompts->discard_hidden();
    for (;;) {
        auto typed = co_await prompts->ask("Code: ");
        if (!typed) co_return unexpected(exit_status{});
        if (typed->empty()) {
            console.info("Enter the code that your authenticator shows, or one of your recovery codes.");
            continue;
        }
        auto access = co_await connection.prove(std::move(*typed));
        if (access || connection.ended() != nullptr || !may_retry(access.error())) co_return access;
        auto const& denial = access.error();
        if (denial.code == code::bad_credentials) {
            console.info("This code is wrong, or was used already: wait for the next one, or enter a recovery code.");
        } else {
            console.info(sentence_of(denial));
        }
        if (denial.retry_after.count() > 0) co_await prompts->wait(denial.retry_after);
    }
}

}  // namespace porter::programs
