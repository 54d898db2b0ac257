namespace IsoCatalog.Appliance.Commands;

/// <summary>How fast something goes, by what was done in the last seconds. For one step; another one has its own.</summary>
internal sealed class Pace
{
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(10);

    private readonly Queue<(TimeSpan At, double Done)> _seen = new();

    /// <param name="at">Since any moment, always the same; not before the last one.</param>
    /// <returns>What is done in a second; 0 while that cannot be told.</returns>
    public double At(TimeSpan at, double done)
    {
        _seen.Enqueue((at, done));
        while (_seen.Count > 2 && at - _seen.Peek().At > Memory)
        {
            _seen.Dequeue();
        }

        var first = _seen.Peek();
        return at > first.At && done > first.Done ? (done - first.Done) / (at - first.At).TotalSeconds : 0;
    }
}
