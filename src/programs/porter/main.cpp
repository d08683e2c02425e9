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

/// However the program ends, the terminal is as it was.
class terminal_as_it_was {
public:
    terminal_as_it_was() { known_ = ::tcgetattr(STDIN_FILENO, &before_) == 0; }
    ~terminal_as_it_was()
    {
        if (known_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    }
    terminal_as_it_was(terminal_as_it_was const&) = delete;
    terminal_as_it_was& operator=(terminal_as_it_was const&) = delete;

private:
    struct ::termios before_{};
    bool known_ = false;
};

/// Names and texts are UTF-8, whatever the locale says of messages; line editing must know that.
void speak_utf8()
{
    std::setlocale(LC_ALL, "");
    std::string_view const now = std::setlocale(LC_CTYPE, nullptr);
    if (now == "C" || now == "POSIX") std::setlocale(LC_CTYPE, "C.UTF-8");
}

exit_code run(std::vector<std::string> arguments)
{
    auto const options = parse_porter_options(std::move(arguments));
    if (options.help || options.version) {
        detail::terminal::write_all(STDOUT_FILENO,
                                    options.help ? porter_help() : "porter " + std::string{version} + '\n');
        return exit_code::ok;
    }
    terminal_as_it_was const restored;
    console says{::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1, options.quiet};
    asio::io_context io{1};
    app only{io, options, says};
    auto const why = only.run();
    auto const& line = says.on_terminal() && !why.sentence.empty() ? why.sentence : why.message;
    if (!line.empty()) says.error(line);
    return why.code;
}

}  // namespace

}  // namespace porter::programs

int main(int argc, char** argv)
{
    using namespace porter::programs;
    porter::detail::terminal::prepare_process();
    speak_utf8();
    console says{false, false};
    auto exit = exit_code::defect;
    try {
        exit = run({argv + (argc > 0 ? 1 : 0), argv + argc});
    } catch (porter::detail::config::option_error const& error) {
        says.error(error.what());
        exit = error.exit();
    } catch (...) {
        auto const why = exit_status_for(std::current_exception());
        says.error(why.message);
        exit = why.code;
    }
    return static_cast<int>(exit);
}
