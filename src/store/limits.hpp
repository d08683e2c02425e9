#pragma once

#include "porter/store/limits.hpp"

namespace porter::detail::store {

using porter::store::addresses_per_network;
using porter::store::addresses_per_site;
using porter::store::clock_tolerance;
using porter::store::hash_costs_at_once;
using porter::store::most_addresses;
using porter::store::most_bans;
using porter::store::most_invitations;
using porter::store::most_unknown_names;
using porter::store::networks_per_site;
using porter::store::registration_window;

}  // namespace porter::detail::store
