#include <termios.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <clocale>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "config/option_error.hpp"
#include "porter/version.hpp"
#include "programs/porter/app.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/options.hpp"
#include "terminal/process.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

namespace {

using detail::config::exit_code;

/// Restores the modes of the terminal when the program ends.
class terminal_mode_guard {
public:
    terminal_mode_guard() { is_terminal_ = ::tcgetattr(STDIN_FILENO, &modes_) == 0; }
    ~terminal_mode_guard()
    {
        if (is_terminal_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &modes_);
    }
    terminal_mode_guard(terminal_mode_guard const&) = delete;
    terminal_mode_guard& operator=(terminal_mode_guard const&) = delete;

private:
    struct ::termios modes_{};
    bool is_terminal_ = false;
};

/// Sets the locale, with UTF-8 in the C locale too: libedit must know the encoding of names and texts.
void set_utf8_locale()
{
    std::setlocale(LC_ALL, "");
    std::string_view const locale = std::setlocale(LC_CTYPE, nullptr);
    if (locale == "C" || locale == "POSIX") std::setlocale(LC_CTYPE, "C.UTF-8");
}

exit_code run(std::vector<std::string> arguments)
{
    auto const options = parse_porter_options(std::move(arguments));
    if (options.help || options.version) {
        detail::terminal::write_all(STDOUT_FILENO,
                                    options.help ? porter_help() : "porter " + std::string{version} + '\n');
        return exit_code::ok;
    }
    terminal_mode_guard const guard;
    bool const is_interactive = !options.is_tunnel() && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
    console console{is_interactive, options.quiet || options.stdio};
    asio::io_context io{1};
    app app{io, options, console};
    auto const status = app.run();
    auto const& line = console.on_terminal() && !status.sentence.empty() ? status.sentence : status.message;
    if (!line.empty()) console.error(line);
    return status.code;
}

}  // namespace

}  // namespace porter::programs

int main(int argc, char** argv)
{
    using namespace porter::programs;
    porter::detail::terminal::prepare_process();
    set_utf8_locale();
    console console{false, false};
    auto exit = exit_code::defect;
    try {
        exit = run({argv + (argc > 0 ? 1 : 0), argv + argc});
    } catch (porter::detail::config::option_error const& error) {
        console.error(error.what());
        exit = error.exit();
    } catch (...) {
        auto const status = exit_status_for(std::current_exception());
        console.error(status.message);
        exit = status.code;
    }
    return static_cast<int>(exit);
}
