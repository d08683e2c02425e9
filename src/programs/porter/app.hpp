#pragma once

#include <optional>

#include <asio/basic_signal_set.hpp>
#include <asio/io_context.hpp>

#include "porter/client.hpp"
#include "programs/porter/console.hpp"
#include "programs/porter/exit_status.hpp"
#include "programs/porter/options.hpp"
#include "programs/porter/prompts.hpp"

namespace porter::programs {

class repl;
class login_flow;

/// One run of the program: where to, in, talk, out; and signals, which end it in order.
class app {
public:
    /// Both outlive the visit.
    app(asio::io_context& io, porter_options const& options, console& says);
    ~app();

    /// Runs the io_context until the visit is over.
    exit_status run();

private:
    using signal_set = asio::basic_signal_set<io_executor>;

    task<exit_status> run_session();
    task<outcome<void>> ask_server();
    task<outcome<void>> ask_host();
    task<outcome<void>> ask_port();
    task<void> watch_signals();
    task<void> exit_with(int signal);
    void redraw_after(int signal);

    asio::io_context& io_;
    porter_options const& options_;
    console& console_;
    std::optional<prompts> prompts_;  // none where nobody can be asked
    std::string host_;
    std::uint16_t port_ = 0;
    std::optional<client> client_;
    repl* repl_ = nullptr;         // while one is held
    login_flow* login_ = nullptr;  // once there is one
    signal_set signals_;
    std::optional<exit_status> exit_;
};

}  // namespace porter::programs
