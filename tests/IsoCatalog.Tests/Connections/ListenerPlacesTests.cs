using System.Net;
using IsoCatalog.Core.Connections;
using Xunit;

namespace IsoCatalog.Tests.Connections;

public sealed class ListenerPlacesTests
{
    private static readonly PlaceLimits Limits = new()
    {
        OfAddress = 8, NewOfKnownAddress = 6, OfStranger = 6, NewOfStranger = 3, NewOfStrangers = 10, OfStrangers = 16, OfKnown = 12,
    };

    private readonly ListenerPlaces _places = new(Limits);
    private readonly List<string> _cut = [];

    [Fact]
    public void Strangers_never_take_what_is_kept_for_the_known()
    {
        for (var i = 0; i < 1000; i++)
        {
            Enter($"10.0.{i % 50}.1", known: false);
        }

        for (var i = 0; i < Limits.OfKnown; i++)
        {
            Assert.NotNull(Enter($"10.1.{i}.1", known: true));
        }
    }

    [Fact]
    public void The_oldest_new_connection_of_the_address_that_has_most_goes_for_one_that_comes()
    {
        Enter("10.0.0.1", known: false, "a1");
        foreach (var name in new[] { "b1", "b2", "b3" })
        {
            Enter("10.0.0.2", known: false, name);
        }

        for (var i = 0; i < 6; i++)
        {
            Enter($"10.0.1.{i}", known: false);
        }

        Assert.NotNull(Enter("10.0.2.1", known: false));
        Assert.Equal(["b1"], _cut);
    }

    [Fact]
    public void One_address_replaces_its_own_new_ones_and_never_those_that_are_settled()
    {
        for (var i = 0; i < 3; i++)
        {
            Enter("10.0.0.1", known: false, $"settled {i}")!.Settle(known: false);
        }

        for (var i = 0; i < 20; i++)
        {
            Assert.NotNull(Enter("10.0.0.1", known: false, $"new {i}"));
        }

        Assert.Equal(Enumerable.Range(0, 17).Select(i => $"new {i}"), _cut);
    }

    [Fact]
    public void An_address_that_is_full_of_settled_ones_is_refused_and_that_is_said_once()
    {
        var places = Enumerable.Range(0, Limits.OfAddress).Select(_ => Settled("10.0.0.1")).ToList();

        Assert.Null(_places.TryEnter(IPAddress.Parse("10.0.0.1"), known: true, () => { }, out var first));
        Assert.True(first);
        Assert.Null(_places.TryEnter(IPAddress.Parse("10.0.0.1"), known: true, () => { }, out first));
        Assert.False(first);

        places[0].Dispose();
        places[0].Dispose();
        Assert.NotNull(Enter("10.0.0.1", known: true));
    }

    [Fact]
    public void A_whole_network_of_ipv6_counts_as_one_address_and_a_mapped_address_as_what_it_is()
    {
        for (var i = 0; i < 10; i++)
        {
            Enter($"2001:db8::{i + 1}", known: false, $"six {i}");
        }

        Assert.Equal(7, _cut.Count);
        _cut.Clear();
        Enter("::ffff:10.0.0.1", known: false, "mapped 0");
        Enter("::ffff:10.0.0.1", known: false, "mapped 1");
        Enter("10.0.0.1", known: false, "four 2");
        Enter("10.0.0.1", known: false, "four 3");
        Assert.Equal(["mapped 0"], _cut);
    }

    [Fact]
    public void Known_addresses_of_one_network_have_each_their_own_places()
    {
        for (var i = 0; i < 10; i++)
        {
            Enter($"2001:db8::{i + 1}", known: true, "bmc");
        }

        Assert.Empty(_cut);
    }

    [Fact]
    public void Strangers_that_asked_once_do_not_keep_their_places_for_ever()
    {
        for (var i = 0; i < 100; i++)
        {
            Enter($"10.0.{i % 4}.1", known: false, $"keeps {i}")?.Settle(known: false);
        }

        _cut.Clear();
        Assert.NotNull(Enter("10.9.0.1", known: false, "comes"));
        Assert.Single(_cut);
        Assert.StartsWith("keeps", _cut[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Whoever_shows_who_he_is_leaves_the_places_of_strangers()
    {
        for (var i = 0; i < 12; i++)
        {
            Enter($"10.0.{i}.1", known: false, $"{i}")!.Settle(known: true);
        }

        Assert.Empty(_cut);
        Assert.Null(Enter("10.9.0.1", known: true));
        Assert.NotNull(Enter("10.9.0.2", known: false));
    }

    [Fact]
    public void Whatever_comes_and_goes_in_whatever_order_no_limit_is_passed_and_everything_is_given_back()
    {
        var random = new Random(20_261_129);
        var open = new List<(Place Place, bool[] IsCut)>();
        for (var step = 0; step < 20_000; step++)
        {
            switch (random.Next(4))
            {
                case 0 or 1:
                    var cut = new bool[1];
                    if (_places.TryEnter(new IPAddress([10, 0, 0, (byte)random.Next(12)]), random.Next(3) == 0, () => cut[0] = true, out _) is { } place)
                    {
                        open.Add((place, cut));
                    }

                    break;
                case 2 when open.Count > 0:
                    open[random.Next(open.Count)].Place.Settle(random.Next(2) == 0);
                    break;
                case 3 when open.Count > 0:
                    var at = random.Next(open.Count);
                    open[at].Place.Dispose();
                    open.RemoveAt(at);
                    break;
            }

            open.RemoveAll(entry => entry.IsCut[0]);
        }

        open.ForEach(entry => entry.Place.Dispose());
        for (var i = 0; i < Limits.OfKnown; i++)
        {
            Assert.NotNull(Enter($"10.1.{i}.1", known: true, "late"));
        }

        Assert.Empty(_cut);
    }

    [Fact]
    public void Changed_limits_hold_for_the_next_connection_and_take_no_place_that_is_used()
    {
        var held = Enumerable.Range(0, 6).Select(_ => Settled("10.1.0.1")).ToList();

        _places.Change(Limits with { OfAddress = 4 });
        Assert.Null(Enter("10.1.0.1", known: true));
        Assert.Empty(_cut);
        held.ForEach(place => place.Dispose());
        held = [.. Enumerable.Range(0, 4).Select(_ => Settled("10.1.0.1"))];
        Assert.Null(Enter("10.1.0.1", known: true));

        _places.Change(Limits with { OfAddress = 5 });
        Assert.NotNull(Enter("10.1.0.1", known: true));
    }

    private Place Settled(string address)
    {
        var place = Enter(address, known: true)!;
        place.Settle(known: true);
        return place;
    }

    private Place? Enter(string address, bool known, string name = "") => _places.TryEnter(IPAddress.Parse(address), known, () => _cut.Add(name), out _);
}
