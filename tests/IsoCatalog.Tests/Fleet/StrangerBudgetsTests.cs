using System.Net;
using IsoCatalog.Appliance.Fleet;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace IsoCatalog.Tests.Fleet;

public sealed class StrangerBudgetsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly StrangerBudgets _budgets;

    public StrangerBudgetsTests() => _budgets = new StrangerBudgets(_time);

    [Fact]
    public void Addresses_that_ask_for_nothing_any_more_are_forgotten()
    {
        for (var i = 0; i < 2000; i++)
        {
            Assert.Equal(i < StrangerBudgets.MaxAddresses + 20, _budgets.TryTake(Address(i)));
        }

        Assert.Equal(StrangerBudgets.MaxAddresses, _budgets.Remembered);

        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.True(_budgets.TryTake(Address(0)));
        Assert.Equal(1, _budgets.Remembered);
    }

    [Fact]
    public void What_was_used_up_is_not_given_back_by_forgetting()
    {
        for (var i = 0; i < 20; i++)
        {
            Assert.True(_budgets.TryTake(Address(0)));
        }

        Assert.False(_budgets.TryTake(Address(0)));
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(18, Enumerable.Range(0, 100).Count(_ => _budgets.TryTake(Address(0))));
    }

    [Fact]
    public void A_network_of_ipv6_has_one_budget()
    {
        Assert.Equal(20, Enumerable.Range(1, 100).Count(i => _budgets.TryTake(IPAddress.Parse($"2001:db8::{i:x}"))));
        Assert.Equal(1, _budgets.Remembered);
    }

    private static IPAddress Address(int number) => new([10, 0, (byte)(number >> 8), (byte)number]);
}
