#pragma once

#include <optional>

#include <asio/basic_signal_set.hpp>
#include <asio/io_context.hpp>

#include "porter/client.hpp"
#include "programs/porter/leaving.hpp"
#include "programs/porter/options.hpp"
#include "programs/porter/questions.hpp"
#include "programs/porter/talk.hpp"

namespace porter::programs {

class conversation;
class reception;

/// One run of the program: where to, in, talk, out; and signals, which end it in order.
class visit {
public:
    /// Both outlive the visit.
    visit(asio::io_context& io, porter_options const& options, talk& says);
    ~visit();

    /// Runs the io_context until the visit is over.
    leaving run();

private:
    using signal_set = asio::basic_signal_set<io_executor>;

    task<leaving> go();
    task<outcome<void>> ask_where();
    task<outcome<void>> ask_host();
    task<outcome<void>> ask_port();
    task<void> watch_signals();
    task<void> leave_by(int signal);
    void redraw_after(int signal);

    asio::io_context& io_;
    porter_options const& options_;
    talk& talk_;
    std::optional<questions> ask_;  // none where nobody can be asked
    std::string host_;
    std::uint16_t port_ = 0;
    std::optional<client> door_;
    conversation* talking_ = nullptr;  // while one is held
    reception* entrance_ = nullptr;    // once there is one
    signal_set signals_;
    std::optional<leaving> leaving_;
};

}  // namespace porter::programs
