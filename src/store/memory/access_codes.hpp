#pragma once

#include "porter/result.hpp"
#include "store/memory/tables.hpp"
#include "store/ports.hpp"

namespace porter::detail::store::memory {

class access_codes final : public store::access_codes {
public:
    explicit access_codes(tables& data) : data_(data) {}

    task<result<std::optional<access_code>>> find(code_digest code, base::timestamp now) override;
    task<result<opened_session>> register_invited(code_digest code, account owner, new_session first) override;
    task<result<opened_session>> reset_password(code_digest code, std::string new_hash, new_session record) override;

private:
    tables& data_;
};

}  // namespace porter::detail::store::memory
