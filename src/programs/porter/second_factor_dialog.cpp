#include "programs/porter/second_factor_dialog.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "porter/secret.hpp"
#include "porter/text.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/qr_code.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

namespace {

constexpr std::string_view unchanged = "Nothing is changed.";

bool is_wrong_code(client_error const& error)
{
    return error.cause == client_errc::denied && error.code == code::bad_credentials;
}

/// The value of `secret` in an otpauth:// URI.
std::string secret_of(std::string const& uri)
{
    constexpr std::string_view key = "secret=";
    auto const begin = uri.find(key);
    if (begin == std::string::npos) return {};
    auto const value = uri.substr(begin + key.size());
    return value.substr(0, value.find('&'));
}

}  // namespace

task<void> second_factor_dialog::add()
{
    auto uri = co_await client_->begin_second_factor();
    if (!uri && uri.error().code == code::second_factor && uri.error().cause == client_errc::denied) {
        console_.info("Your account has a second factor already: /2fa off removes it.");
        co_return;
    }
    if (!uri) co_return report(uri.error());
    show(*uri);
    wipe(*uri);
    co_await confirm();
}

/// Asks for the first code until it is right.
task<void> second_factor_dialog::confirm()
{
    for (;;) {
        auto typed = co_await prompts_.ask("Code: ");
        if (prompts_.is_quit()) co_return;
        if (!typed || typed->empty()) co_return console_.info(std::string{unchanged});
        auto codes = co_await client_->confirm_second_factor(std::move(*typed));
        if (!codes && is_wrong_code(codes.error())) {
            console_.info("This code is wrong. Enter the one that the authenticator shows now. Enter alone leaves.");
            continue;
        }
        if (!codes) co_return report(codes.error());
        std::string lines =
            "From now on a login asks for a code. If your authenticator is lost, each of these recovery "
            "codes replaces one code, once. They are not shown again: keep them where the password is "
            "not.";
        for (auto& each : *codes) {
            lines += "\n  " + escape(each);
            wipe(each);
        }
        console_.info(lines);
        wipe(lines);
        co_return;
    }
}

task<void> second_factor_dialog::remove()
{
    auto typed = co_await prompts_.ask("Code: ");
    if (prompts_.is_quit()) co_return;
    if (!typed || typed->empty()) co_return console_.info(std::string{unchanged});
    auto const removed = co_await client_->remove_second_factor(std::move(*typed));
    if (removed) {
        console_.info("The second factor is removed: your password is enough again.");
    } else if (is_wrong_code(removed.error())) {
        console_.info("This code is wrong, or was used already. The second factor stays.");
    } else if (removed.error().code == code::not_found && removed.error().cause == client_errc::denied) {
        console_.info("Your account has no second factor: /2fa sets one up.");
    } else {
        report(removed.error());
    }
}

void second_factor_dialog::show(std::string const& uri)
{
    auto drawn = draw_qr_code(uri, detail::terminal::columns_of(STDOUT_FILENO));
    if (drawn) {
        console_.info("Scan this with your authenticator, or enter the secret in it:");
        console_.prompt(*drawn);  // as it is: it must not be wrapped
        wipe(*drawn);
    } else {
        console_.info("The terminal is too narrow for a QR code. Enter the secret in your authenticator:");
    }
    auto text = fmt::format(
        "  secret  {}\n  link    {}\n"
        "Then enter the code that it shows. An empty line leaves everything as it is.",
        escape(secret_of(uri)), escape(uri));
    console_.info(text);
    wipe(text);
}

void second_factor_dialog::report(client_error const& error)
{
    auto const seconds = error.retry_after.count();
    auto const retry = seconds > 0 ? fmt::format(" Try again in {} s.", seconds) : std::string{};
    console_.info(fmt::format("{}{}", sentence_of(error), retry));
}

}  // namespace porter::programs
