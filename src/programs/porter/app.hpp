#pragma once

#include <memory>
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
class tunnel_listener;

/// One run of the program: asks for the server if need be, logs in and runs the session. Signals end it in order.
class app {
public:
    /// All arguments must outlive the object.
    app(asio::io_context& io, porter_options const& options, console& console);
    ~app();

    /// Runs the io_context until the session ends.
    exit_status run();

private:
    using signal_set = asio::basic_signal_set<io_executor>;

    task<exit_status> run_session();
    task<exit_status> pass_standard_streams();
    task<outcome<void>> ask_server();
    task<outcome<void>> ask_host();
    task<outcome<void>> ask_port();
    task<void> watch_signals();
    task<void> exit_on(int signal);
    void update_terminal(int signal);

    asio::io_context& io_;
    porter_options const& options_;
    console& console_;
    std::optional<prompts> prompts_;  // on a terminal
    std::string host_;
    std::uint16_t port_ = 0;
    std::shared_ptr<client> client_;       // the latest connection; null: none yet
    repl* repl_ = nullptr;                 // while it runs
    login_flow* login_ = nullptr;          // once the server is known
    tunnel_listener* listener_ = nullptr;  // with --listen
    signal_set signals_;
    std::optional<exit_status> exit_;
};

}  // namespace porter::programs
