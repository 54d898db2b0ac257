using System.Runtime.CompilerServices;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using Xunit;

namespace IsoCatalog.Tests.Publishing;

public sealed class AnswerMemoryTests
{
    [Fact]
    public void What_is_remembered_is_bounded_by_its_bytes()
    {
        var memory = new AnswerMemory<int>();
        for (var i = 0; i < 100; i++)
        {
            memory.Keep(i, Answer(bytes: 4 << 20));
            Assert.InRange(memory.Count, 1, (int)(AnswerMemory<int>.MostBytes / (4 << 20)));
            Assert.NotNull(memory.Find(i));
        }
    }

    [Fact]
    public void What_is_remembered_is_bounded_by_its_number()
    {
        var memory = new AnswerMemory<int>();
        for (var i = 0; i < 2000; i++)
        {
            memory.Keep(i, Answer(bytes: 1));
            Assert.InRange(memory.Count, 1, AnswerMemory<int>.MostAnswers);
        }
    }

    [Fact]
    public void An_answer_keeps_no_view_of_the_past_in_memory()
    {
        var memory = new AnswerMemory<int>();
        var past = Remember(memory);

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.False(past.IsAlive);
        Assert.NotNull(memory.Find(1));
        GC.KeepAlive(memory);
    }

    [Fact]
    public void A_view_that_differs_only_in_what_no_answer_is_made_of_says_the_same()
    {
        var view = new SiteView { Version = 1 };
        var basis = new AnswerBasis(view);

        Assert.True(basis.SaysTheSame(view with { Version = 2, LeasesForgottenSince = DateTimeOffset.UnixEpoch }));
        Assert.False(basis.SaysTheSame(view with { Catalog = Another() }));
    }

    // In a method of its own: no local of the test keeps it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Remember(AnswerMemory<int> memory)
    {
        var view = new SiteView { Catalog = Another() };
        memory.Keep(1, new AvailableBytes(new AnswerBasis(view), [], "", [], []));
        return new WeakReference(view.Catalog);
    }

    private static AvailableBytes Answer(int bytes) => new(new AnswerBasis(new SiteView()), [], "", new byte[bytes], []);

    private static CatalogView Another() => CatalogView.Empty with { };
}
