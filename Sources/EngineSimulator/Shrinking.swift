/// Makes of a trial that fails a smaller one that fails, too.
package enum Shrinking {
    /// Faults and steps are taken away in ever smaller portions, for as long as something is still violated.
    /// - Returns: nil where the trial does not fail.
    package static func shrink(_ trial: Trial, progress: (Trial) -> Void = { _ in }) -> Trial? {
        let first = trial.run()
        guard !first.violations.isEmpty else { return nil }
        var smallest = trial
        smallest.faults = FaultPlan(listed: first.met, seed: trial.seed)
        // Listed faults repeat those that the rates gave.
        guard !smallest.run().violations.isEmpty else { return trial }
        var isSmaller = true
        while isSmaller {
            isSmaller = false
            let steps = reduce(smallest.story.steps) { steps in
                var candidate = smallest
                // The time of the last step counts: what follows it is the tail.
                candidate.story.steps = steps
                return !candidate.run().violations.isEmpty
            }
            if steps.count < smallest.story.steps.count {
                smallest.story.steps = steps
                isSmaller = true
                progress(smallest)
            }
            let faults = reduce(smallest.faults.listed.sorted { $0.key < $1.key }) { faults in
                var candidate = smallest
                candidate.faults.listed = Dictionary(uniqueKeysWithValues: faults.map { ($0.key, $0.value) })
                return !candidate.run().violations.isEmpty
            }
            if faults.count < smallest.faults.listed.count {
                smallest.faults.listed = Dictionary(uniqueKeysWithValues: faults.map { ($0.key, $0.value) })
                isSmaller = true
                progress(smallest)
            }
        }
        return smallest
    }

    /// The fewest of a list with which `fails` holds, found by leaving out halves, quarters and so on.
    static func reduce<Element>(_ all: [Element], fails: ([Element]) -> Bool) -> [Element] {
        var kept = all
        var portion = max(kept.count / 2, 1)
        while !kept.isEmpty {
            var start = 0
            var isSmaller = false
            while start < kept.count {
                let candidate = Array(kept[..<start] + kept[min(start + portion, kept.count)...])
                if fails(candidate) {
                    kept = candidate
                    isSmaller = true
                } else {
                    start += portion
                }
            }
            if portion == 1, !isSmaller { break }
            portion = max(portion / 2, 1)
        }
        return kept
    }
}
